# Two commands do all the set-up: `make demo` and `make test`. `make help` lists the rest.

PACKAGES   := libjpeg-dev libopenblas-dev libpng-dev libyaml-dev pkg-config
STEPGRAPH  := .build/release/stepgraph
PREFIX     ?= /usr/local
LINTED     := Package.swift Sources Nodes Tests
NODE_PAGES := Sources/stepgraph/Documentation.docc/Nodes

.DEFAULT_GOAL := help
.PHONY: help demo build test install uninstall soak lint fuzz bench compare-samplers node-pages packages

help: ## Shows this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## Installs what is missing, builds, and draws a red apple with the demo model
	$(STEPGRAPH) run Graphs/txt2img.yaml

build: packages ## Builds .build/release/stepgraph
	swift build -c release --product stepgraph
	@$(MAKE) --no-print-directory stepgraph.schema.json stepgraph-test.schema.json

# What the first line of every graph names, for editors.
stepgraph.schema.json: $(STEPGRAPH)
	@$(STEPGRAPH) schema > $@.new && mv $@.new $@

stepgraph-test.schema.json: $(STEPGRAPH)
	@$(STEPGRAPH) schema --tests > $@.new && mv $@.new $@

# Bash, zsh and fish look for completions in these folders, and man in its own.
BASH_COMPLETIONS := share/bash-completion/completions/stepgraph
ZSH_COMPLETIONS  := share/zsh/site-functions/_stepgraph
FISH_COMPLETIONS := share/fish/vendor_completions.d/stepgraph.fish
MANUAL           := share/man/man1/stepgraph.1
INSTALLED        := bin/stepgraph $(BASH_COMPLETIONS) $(ZSH_COMPLETIONS) $(FISH_COMPLETIONS) $(MANUAL)

install: ## Installs program, completions and manual below PREFIX=/usr/local, in DESTDIR for packagers
	@test -x $(STEPGRAPH) || $(MAKE) --no-print-directory build
	install -D -m 755 $(STEPGRAPH) $(DESTDIR)$(PREFIX)/bin/stepgraph
	@for file in $(BASH_COMPLETIONS):bash $(ZSH_COMPLETIONS):zsh $(FISH_COMPLETIONS):fish; do \
	  to=$(DESTDIR)$(PREFIX)/$${file%:*}; mkdir -p $$(dirname $$to); \
	  $(STEPGRAPH) --generate-completion-script $${file#*:} > $$to || exit 1; chmod 644 $$to; echo $$to; done
	@to=$(DESTDIR)$(PREFIX)/$(MANUAL); mkdir -p $$(dirname $$to); $(STEPGRAPH) manual > $$to; chmod 644 $$to; echo $$to

uninstall: ## Removes what install put below PREFIX
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/,$(INSTALLED))

test: packages ## Installs what is missing and runs every test
	swift test -c release --disable-testable-imports
	@$(MAKE) --no-print-directory stepgraph.schema.json stepgraph-test.schema.json

soak: packages ## Kills a thousand runs, damages ten thousand results, and crowds the cache for SECONDS=300
	STEPGRAPH_SOAK=$(or $(SECONDS),300) swift test -c release --disable-testable-imports --no-parallel \
	  --filter 'KillTests|CacheDamageTests|CacheContentionTests|manyProcessesShareACache'

lint: ## Checks the formatting of the Swift sources
	swift format lint --strict --recursive $(LINTED)

fuzz: packages ## Feeds hostile bytes to every reader; TARGET=png one of them, SECONDS=600 for so long each
	@STEPGRAPH_FUZZER=$$(ls $$(dirname $$(readlink -f $$(command -v swiftc)))/../lib/clang/*/lib/linux/libclang_rt.fuzzer_no_main-$$(uname -m).a) \
	  Tests/Fuzz/fuzz.sh $(if $(SECONDS),$(SECONDS),60) $(TARGET)

bench: build ## Times engine and demo model; MODEL=DIR SIZE=512 times another one, beside installed peers; PARTS=engine
	python3 Examples/Benchmarks/bench.py --stepgraph $(STEPGRAPH) $(if $(MODEL),--model $(MODEL)) $(if $(SIZE),--size $(SIZE)) \
	  $(if $(PARTS),--parts $(PARTS))

compare-samplers: build ## Draws every sampling method, and measures its time and distance to a converged solution
	python3 Examples/compare_samplers.py --stepgraph $(STEPGRAPH) --out compare-samplers.png

node-pages: build ## Draws the pictures of the nodes' pages in the documentation, and writes the pages
	$(STEPGRAPH) run Examples/node-pages/pictures.yaml --set out=$(NODE_PAGES) --overwrite
	$(STEPGRAPH) nodes --pages $(NODE_PAGES)

packages:
	@command -v swift >/dev/null || { echo "Stepgraph needs a Swift 6.2 toolchain or later: https://swift.org/install" >&2; exit 1; }
	@missing=$$(for package in $(PACKAGES); do \
	  dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || echo $$package; done); \
	if [ -n "$$missing" ]; then \
	  command -v apt-get >/dev/null || { echo "Please install:" $$missing >&2; exit 1; }; \
	  if [ "$$(id -u)" = 0 ]; then root=; else root=sudo; fi; \
	  echo "Installing" $$missing; \
	  $$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq $$missing; \
	fi
