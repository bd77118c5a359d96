"""Draws this sample from the debian50k set: whole packages with their translations, spread over the sections.

usage: python3 make_sample.py <debian50k directory>

Standard library only. The same input gives the same files.
"""

import collections
import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import npy

RECORDS = 4800
QUERIES = 100
QUERIES_PER_LANGUAGE = 14


def read_lines(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def order(text):
    """A fixed order that has nothing to do with names or ids."""
    return hashlib.sha256(text.encode()).digest()


def choose_packages(records):
    """Packages with the most translations first within each section, sections taking turns."""
    by_package = collections.defaultdict(list)
    for record in records:
        by_package[record["package"]].append(record)
    by_section = collections.defaultdict(list)
    for package, versions in by_package.items():
        if len(versions) >= 3 or versions[0]["language"] not in ("en", "da", "it", "fr", "de"):
            by_section[versions[0]["section"]].append(package)
    for packages in by_section.values():
        packages.sort(key=lambda name: (-len(by_package[name]), order(name)))
    chosen, count, turn = [], 0, 0
    while count < RECORDS:
        for section in sorted(by_section):
            if turn < len(by_section[section]) and count < RECORDS:
                chosen.append(by_section[section][turn])
                count += len(by_package[chosen[-1]])
        turn += 1
    return set(chosen)


def choose_queries(queries, packages):
    """Numbers of held-out queries, those whose package is in the sample first, no language more than its share."""
    numbers = sorted(
        range(len(queries)),
        key=lambda n: (queries[n]["package"] not in packages, order(queries[n]["package"] + queries[n]["language"])))
    taken, chosen = collections.Counter(), []
    for number in numbers:
        language = queries[number]["language"]
        if taken[language] < QUERIES_PER_LANGUAGE and len(chosen) < QUERIES:
            taken[language] += 1
            chosen.append(number)
    return sorted(chosen)


def write_lines(path, records):
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")


def main(source):
    here = os.path.dirname(os.path.abspath(__file__))
    records = read_lines(os.path.join(source, "payload.jsonl"))
    vectors = npy.read_rows(os.path.join(source, "base.npy"))
    packages = choose_packages(records)
    kept = [record for record in records if record["package"] in packages]
    write_lines(os.path.join(here, "payload.jsonl"), kept)
    npy.write_rows(os.path.join(here, "vectors.npy"), [vectors[record["id"]] for record in kept])

    queries = read_lines(os.path.join(source, "queries.jsonl"))
    vectors = npy.read_rows(os.path.join(source, "queries.npy"))
    numbers = choose_queries(queries, packages)
    write_lines(os.path.join(here, "queries.jsonl"), [queries[number] for number in numbers])
    npy.write_rows(os.path.join(here, "queries.npy"), [vectors[number] for number in numbers])

    languages = collections.Counter(record["language"] for record in kept)
    print(f"{len(kept)} records of {len(packages)} packages, {len(languages)} languages, "
          f"{len({record['section'] for record in kept})} sections, {len(numbers)} queries")
    print(", ".join(f"{language} {count}" for language, count in languages.most_common()))
    print(sum(queries[number]["package"] in packages for number in numbers), "queries have a version in the sample")


if __name__ == "__main__":
    main(sys.argv[1])
