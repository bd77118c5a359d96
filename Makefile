# Needletail's tasks. Every target works from a fresh clone, without a terminal, as often as it is called.
# `make help` lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The real data set that `make bench` loads; see Benchmarks/README.md.
DATA ?= ../shared/data/debian50k
# How many points the restart of a large collection is measured with: 1000000 takes minutes to load and to build.
SCALE_POINTS ?= 0
DATA_DIR ?= needletail-data
PORT ?= 6333
# The first seed of the values that `make check-neon` compares on.
SEED ?= 1

release = swift build -c release --product needletail
release_embedder = swift build -c release --product needletail-embedder
embedder = $$(swift build -c release --show-bin-path)/needletail-embedder
server = $$(swift build -c release --show-bin-path)/needletail
swift_files = find Package.swift $(wildcard Sources Tests Benchmarks FuzzTesting) -name '*.swift' -not -path '*/.*' -print0
shell_scripts = $(wildcard .ci/*)

.PHONY: help deps demo demo-video test test-video check format run bench crash fault check-neon ci

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

deps: ## install the Debian packages that are missing
	@.ci/deps

demo: deps ## load the sample, run filtered queries, print tables and the recall
	$(release)
	python3 Examples/demo/demo.py --server "$(server)"

demo-video: deps ## make ten films, embed them, ask for what was said, shown and filmed
	$(release) && $(release_embedder)
	"$(embedder)" model install minilm || echo "no text model: texts are compared by their words"
	python3 Examples/video-demo/demo_video.py --server "$(server)" --embedder "$(embedder)"

test: deps ## build, unit tests, the official Python client, crash loop, power loss, full disk
	.ci/test

test-video: demo-video ## also 100 transformed copies, ONNX Runtime with small models, many kills of the embedder
	python3 Tests/Smoke/embedder_crash.py --server "$(server)" --embedder "$(embedder)" --rounds "$${EMBEDDER_ROUNDS:-60}"
	python=$$(.ci/venv video Tests/VectorEmbedderTests/Fixtures/requirements.txt); \
	export NEEDLETAIL_EMBEDDER_LONG_TESTS=1; \
	export NEEDLETAIL_EMBEDDER_ONNX_LIBRARY=$$(echo "$${python%/bin/python}"/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*); \
	swift test --disable-xctest --filter VectorEmbedderTests

check: ## formatting, tidiness, syntax of scripts
	$(swift_files) | xargs -0 swift format lint --strict --parallel
	for script in $(shell_scripts); do bash -n "$$script"; done
	find $(wildcard Tests Benchmarks Examples clients) -name '*.py' -not -path '*/.*' -print0 \
	  | xargs -0 python3 -c 'import ast, sys; [ast.parse(open(f).read(), f) for f in sys.argv[1:]]'
	swift test --disable-xctest --filter TidyTests

format: ## format all Swift files
	$(swift_files) | xargs -0 swift format format --in-place --parallel

run: deps ## serve ./needletail-data on 127.0.0.1:6333 (DATA_DIR=, PORT=)
	$(release)
	exec "$(server)" serve --config Config/needletail.yaml --data-dir "$(DATA_DIR)" --http-port "$(PORT)"

bench: deps ## load 50,000 real records; recall, throughput, restart, searches while writing, memory (DATA=, SCALE_POINTS=)
	$(release)
	python=$$(.ci/venv bench Benchmarks/requirements.txt); server="$(server)"; failed=0; \
	"$$python" Benchmarks/http_recall.py --server "$$server" --data "$(DATA)" || failed=1; \
	"$$python" Benchmarks/upsert_steps.py --server "$$server" || failed=1; \
	"$$python" Benchmarks/restart_speed.py --server "$$server" --data "$(DATA)" || failed=1; \
	"$$python" Benchmarks/many_collections.py --server "$$server" || failed=1; \
	"$$python" Benchmarks/snapshot_latency.py --server "$$server" || failed=1; \
	"$$python" Benchmarks/group_commit.py --server "$$server" || failed=1; \
	"$$python" Benchmarks/while_writing.py --server "$$server" --data "$(DATA)" || failed=1; \
	"$$python" Benchmarks/memory.py --server "$$server" --data "$(DATA)" || failed=1; \
	if [ "$(SCALE_POINTS)" != 0 ]; then \
	  "$$python" Benchmarks/restart_scale.py --server "$$server" --points "$(SCALE_POINTS)" || failed=1; \
	fi; \
	exit "$$failed"

crash: deps ## the crash loop against the release build (CRASH_ROUNDS=, 1000 unless given)
	$(release)
	python=$$(.ci/venv smoke Tests/Smoke/requirements.txt); \
	"$$python" Tests/Smoke/crash_loop.py --server "$(server)" --rounds "$${CRASH_ROUNDS:-1000}"

fault: deps ## every fault at every place: the long forms of the fault tests, power loss and full disk
	$(release)
	NEEDLETAIL_LONG_TESTS=1 swift test --disable-xctest --filter 'VectorStorageTests|VectorEngineTests'
	python=$$(.ci/venv smoke Tests/Smoke/requirements.txt); \
	"$$python" Tests/Smoke/power_loss.py --server "$(server)" --rounds "$${POWER_ROUNDS:-100}"; \
	"$$python" Tests/Smoke/full_disk.py --server "$(server)" --rounds "$${DISK_ROUNDS:-20}"

check-neon: ## the NEON kernels against the scalar ones, under QEMU (SEED=)
	@.ci/neon $(SEED)

ci: ## what continuous integration runs
	.ci/run
