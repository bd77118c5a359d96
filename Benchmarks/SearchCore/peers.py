"""The peers of compare.py: each runs in a process of its own and answers commands on standard input.

    build                        -> CPU seconds, wall seconds, resident bytes that the index took
    search <effort> <queries>    -> recall@10, CPU seconds and wall seconds a query
    filter <name|none>           -> ok; queries are then filtered by that entry of filters.json

Queries go to a peer in one call where it takes several; all peers use one thread.
"""

import gc
import json
import os
import shutil
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy

M, EF_CONSTRUCTION = 16, 100


class Peer:
    """What the peers have in common: data, measuring, recall."""

    efforts = [10, 12, 16, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448]

    def __init__(self, data, distance):
        self.data, self.distance = data, distance
        self.queries = self.read("queries")
        self.truth = numpy.load(f"{data}/gt.npy")[:, :10]

    def read(self, name):
        rows = numpy.load(f"{self.data}/{name}.npy").astype(numpy.float32)
        if self.distance == "cosine":
            rows /= numpy.linalg.norm(rows, axis=1, keepdims=True)
        return rows

    def timed_build(self):
        base = self.read("base")
        before = resident_bytes() - base.nbytes
        cpu, wall = time.process_time(), time.perf_counter()
        self.build(base)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        del base
        gc.collect()
        return cpu, wall, max(0, resident_bytes() - before)

    def timed_search(self, effort, count):
        self.prepare(effort)
        queries = self.queries[:count]
        cpu, wall = time.process_time(), time.perf_counter()
        found = self.search(queries)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        hits = wanted = 0
        for ids, exact in zip(found, self.truth):
            exact = {i for i in exact if i >= 0}
            wanted += len(exact)
            hits += len(exact.intersection(ids))
        return hits / max(1, wanted), cpu / len(queries), wall / len(queries)


class Hnswlib(Peer):
    def build(self, base):
        import hnswlib

        self.index = hnswlib.Index(space="ip" if self.distance == "cosine" else "l2", dim=base.shape[1])
        self.index.init_index(max_elements=len(base), M=M, ef_construction=EF_CONSTRUCTION, random_seed=100)
        self.index.set_num_threads(1)
        self.index.add_items(base, num_threads=1)

    def prepare(self, effort):
        self.index.set_ef(effort)

    def search(self, queries):
        return self.index.knn_query(queries, k=10, num_threads=1)[0]


class Faiss(Peer):
    """HNSW over float32, HNSW over 8-bit codes with refinement, or IVF-PQ fast scan with refinement."""

    kind = "flat"

    def build(self, base):
        import faiss

        faiss.omp_set_num_threads(1)
        metric = faiss.METRIC_INNER_PRODUCT if self.distance == "cosine" else faiss.METRIC_L2
        dimension = base.shape[1]
        if self.kind == "flat":
            inner = faiss.IndexHNSWFlat(dimension, M, metric)
            inner.hnsw.efConstruction = EF_CONSTRUCTION
        elif self.kind == "sq8":
            inner = faiss.IndexHNSWSQ(dimension, faiss.ScalarQuantizer.QT_8bit, M, metric)
            inner.hnsw.efConstruction = EF_CONSTRUCTION
        else:
            lists = int(4 * len(base) ** 0.5)
            inner = faiss.index_factory(dimension, f"IVF{lists},PQ{dimension // 4}x4fsr", metric)
        self.inner = inner
        self.index = inner if self.kind == "flat" else faiss.IndexRefineFlat(inner)
        self.index.train(base)
        self.index.add(base)

    def prepare(self, effort):
        if self.kind == "ivf":
            self.inner.nprobe = max(1, effort // 4)
        else:
            self.inner.hnsw.efSearch = effort
        if self.kind != "flat":
            self.index.k_factor = 4 if self.kind == "ivf" else 2

    def search(self, queries):
        return self.index.search(queries, 10)[1]


class FaissSq8(Faiss):
    kind = "sq8"


class FaissIvf(Faiss):
    kind = "ivf"


class USearch(Peer):
    def build(self, base):
        from usearch.index import Index

        metric = "ip" if self.distance == "cosine" else "l2sq"
        self.index = Index(
            ndim=base.shape[1], metric=metric, dtype="f16", connectivity=M, expansion_add=EF_CONSTRUCTION
        )
        self.index.add(numpy.arange(len(base)), base, threads=1)

    def prepare(self, effort):
        self.index.expansion_search = effort

    def search(self, queries):
        return self.index.search(queries, 10, threads=1).keys


class Svs(Peer):
    """Vamana over LVQ8 or LeanVec (on processors that SVS offers them on), float16 or int8."""

    kind = "lvq8"

    def build(self, base):
        import svs

        distance = svs.DistanceType.MIP if self.distance == "cosine" else svs.DistanceType.L2
        alpha = 0.95 if self.distance == "cosine" else 1.2
        parameters = svs.VamanaBuildParameters(alpha=alpha, graph_max_degree=2 * M, window_size=200)
        if self.kind == "int8":
            self.mean = base[:100_000].mean(axis=0) if self.distance != "cosine" else 0
            self.scale = numpy.quantile(numpy.abs(base[:100_000] - self.mean), 0.9999) / 127
            data = self.encoded(base)
        elif self.kind == "float16":
            data = base.astype(numpy.float16)
        else:
            folder = tempfile.mkdtemp()
            try:
                svs.write_vecs(base, f"{folder}/base.fvecs")
                loader = svs.VectorDataLoader(
                    f"{folder}/base.fvecs", svs.DataType.float32, dims=base.shape[1])
                if self.kind == "lvq8":
                    loader = svs.LVQLoader(loader, primary=8, padding=32)
                else:
                    dimension = min(160, base.shape[1])
                    loader = svs.LeanVecLoader(loader, dimension, svs.LeanVecKind.lvq8, svs.LeanVecKind.lvq8)
                self.index = svs.Vamana.build(parameters, loader, distance, num_threads=1)
            finally:
                shutil.rmtree(folder)
            return
        self.index = svs.Vamana.build(parameters, data, distance, num_threads=1)
        if self.kind == "int8":
            self.queries = self.encoded(self.queries)

    def encoded(self, rows):
        return numpy.clip(numpy.rint((rows - self.mean) / self.scale), -127, 127).astype(numpy.int8)

    def prepare(self, effort):
        self.index.search_window_size = effort

    def search(self, queries):
        return self.index.search(queries, 10)[0]


class SvsLeanVec(Svs):
    kind = "leanvec"


class SvsFloat16(Svs):
    kind = "float16"


class SvsInt8(Svs):
    kind = "int8"


class Qdrant(Peer):
    """Qdrant's core as a library: HNSW, int8 codes kept in memory, rescoring, payload indexes."""

    payload_fields = {
        "language": "Keyword", "section": "Keyword", "priority": "Keyword", "source": "Keyword",
        "package": "Keyword", "installed_size": "Integer", "size": "Integer", "n_depends": "Integer",
    }

    def build(self, base):
        import qdrant_edge as q

        self.q, self.filter = q, None
        self.folder = tempfile.mkdtemp()
        distance = q.Distance.Cosine if self.distance == "cosine" else q.Distance.Euclid
        config = q.EdgeConfig(
            vectors=q.EdgeVectorParams(size=base.shape[1], distance=distance),
            hnsw_config=q.HnswIndexConfig(
                m=M, ef_construct=EF_CONSTRUCTION, full_scan_threshold=10_000, max_indexing_threads=1),
            quantization_config=q.ScalarQuantizationConfig(q.ScalarType.Int8, quantile=0.99, always_ram=True),
            optimizers=q.EdgeOptimizersConfig(default_segment_number=1, indexing_threshold=1000),
            max_search_threads=1)
        self.shard = q.EdgeShard.create(self.folder, config)
        payloads = self.payloads() if self.with_payload else [None] * len(base)
        if self.with_payload:
            for name, kind in self.indexed_fields().items():
                self.shard.update(
                    q.UpdateOperation.create_field_index(name, getattr(q.PayloadSchemaType, kind)))
        for start in range(0, len(base), 1000):
            stop = min(start + 1000, len(base))
            points = [q.Point(i, base[i].tolist(), payloads[i]) for i in range(start, stop)]
            self.shard.update(q.UpdateOperation.upsert_points(points))
        self.shard.optimize()

    with_payload = False

    def indexed_fields(self):
        if not os.path.exists(f"{self.data}/fields.json"):
            return self.payload_fields
        with open(f"{self.data}/fields.json", encoding="utf-8") as file:
            return json.load(file)

    def payloads(self):
        with open(f"{self.data}/payload.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def set_filter(self, entry):
        self.filter = None if entry is None else self.q.Filter(must=[
            self.q.FieldCondition(key=c["key"], match=self.q.MatchValue(c["match"]["value"]))
            if "match" in c else self.q.FieldCondition(key=c["key"], range=self.q.RangeFloat(**c["range"]))
            for c in entry["filter"]["must"]])

    def prepare(self, effort):
        rescoring = self.q.QuantizationSearchParams(rescore=True, oversampling=2.0)
        params = self.q.SearchParams(hnsw_ef=effort, quantization=rescoring)
        self.requests = [
            self.q.SearchRequest(
                query=self.q.Query.Nearest(vector.tolist()), limit=10, params=params, filter=self.filter)
            for vector in self.queries]

    def search(self, queries):
        search = self.shard.search
        return [[hit.id for hit in search(request)] for request in self.requests[: len(queries)]]

    def close(self):
        self.shard.close()
        shutil.rmtree(self.folder)


class QdrantPayload(Qdrant):
    with_payload = True


PEERS = {
    "SVS LeanVec": SvsLeanVec,
    "SVS LVQ8": Svs,
    "SVS int8": SvsInt8,
    "SVS float16": SvsFloat16,
    "faiss IVF-PQ": FaissIvf,
    "faiss SQ8": FaissSq8,
    "Qdrant int8": Qdrant,
    "hnswlib": Hnswlib,
    "faiss flat": Faiss,
    "USearch f16": USearch,
    "Qdrant filtered": QdrantPayload,
}


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def answer(peer, words):
    if words[0] == "build":
        return peer.timed_build()
    if words[0] == "filter":
        if words[1] == "none":
            peer.set_filter(None)
            peer.truth = numpy.load(f"{peer.data}/gt.npy")[:, :10]
            return ["ok"]
        with open(f"{peer.data}/filters.json", encoding="utf-8") as file:
            peer.set_filter(next(entry for entry in json.load(file) if entry["name"] == words[1]))
        peer.truth = numpy.load(f"{peer.data}/fgt_{words[1]}.npy")[:, :10]
        return ["ok"]
    return peer.timed_search(int(words[1]), int(words[2]))


def main():
    # What libraries print must not end up among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    peer = PEERS[sys.argv[1]](sys.argv[2], sys.argv[3])
    for line in sys.stdin:
        try:
            result = " ".join(str(x) for x in answer(peer, line.split()))
        except Exception as error:  # a peer that cannot run here is named in the table
            result = "error " + " ".join(str(error).split())
        print(result, file=answers, flush=True)
    if hasattr(peer, "close"):
        peer.close()


if __name__ == "__main__":
    main()
