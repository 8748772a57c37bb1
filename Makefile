# Two commands are enough: `make demo` and `make test`. Each installs what is missing, reports it, and repeats
# nothing; the scripts in tools/ do the work.

DEMO ?=# options for `bulkhead demo`, such as DEMO="--keep /tmp/demo"
TESTFLAGS ?=# options for `swift test`, such as TESTFLAGS="--filter Keyspace"

# The tests start real servers: too many at once would slow each other down and exceed their time limits.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 4

export PATH := $(CURDIR)/.tools/bin:$(PATH)

SWIFT_CODE := Package.swift Sources Tests Benchmarks Fuzz

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo check test build release release-static install uninstall package image check-package check-release check-reproducible format lint sanitize fuzz offline docs bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## build, then run the demo on a throw-away etcd; DEMO="--keep DIR" keeps it
	@. tools/say.sh; say demo "first what the build needs, then the build, then Bulkhead on a temporary etcd"
	@tools/need-build
	@tools/need-etcd 3.4.23 "the demo"
	@tools/build --product bulkhead
	@PATH="$(CURDIR)/.tools/etcd/3.4.23:$$PATH" .build/debug/bulkhead demo $(DEMO)

check: ## lint, boundaries of the rooms, and the tests that start no etcd
	@tools/need-build
	@$(MAKE) --no-print-directory lint
	@tools/build --build-tests
	@BULKHEAD_TESTS=without-etcd tools/test $(TESTFLAGS)

test: ## build and run the tests; TESTFLAGS="--filter NAME" runs some
	@tools/need-build
	@tools/need-tests
	@$(if $(CI),$(MAKE) --no-print-directory lint)
	@tools/build --build-tests
	@tools/with-openbao tools/test $(TESTFLAGS)

build: ## build for development: .build/debug/bulkhead
	@tools/need-build
	@tools/build

release: ## build for use, stripped, with Swift's libraries linked in: .build/release/bulkhead and bulkhead-agent
	@tools/need-build
	@tools/build --configuration release --product bulkhead
	@tools/build --configuration release --product bulkhead-agent
	@tools/check-executable .build/release/bulkhead .build/release/bulkhead-agent
	@ls -lh .build/release/bulkhead .build/release/bulkhead-agent

release-static: ## the same with OpenSSL, nghttp2, libyaml and SQLite inside, for hosts without them: .build/release-static/bulkhead
	@tools/need-build
	@BULKHEAD_STATIC=yes tools/build --configuration release --product bulkhead
	@tools/check-executable --static .build/release-static/bulkhead
	@ls -lh .build/release-static/bulkhead

# Where `make install` puts files; DESTDIR is set by those who make packages of their own.
PREFIX ?= /usr/local
DESTDIR ?=

install: ## install the release build, its manual pages and completions below PREFIX (/usr/local)
	@tools/install "$(DESTDIR)$(PREFIX)"

uninstall: ## remove what `make install` installed below PREFIX
	@tools/install --remove "$(DESTDIR)$(PREFIX)"

package: ## make Debian packages, their checksums and bills of materials in .build/packages; SIGN=KEY signs with an SSH key
	@tools/need-system "packages" dpkg-dev
	@tools/package $(if $(SIGN),--sign "$(SIGN)")

image: ## make container images: .build/packages/bulkhead-VERSION-oci.tar and bulkhead-agent-VERSION-oci.tar
	@tools/image
	@tools/image bulkhead-agent

check-package: ## install the package in a new Debian (SUITE=trixie for 13), unpack and run the image; needs root and Debian's mirror
	@tools/check-package

check-release: ## run the demo and tests of the command line with the release build
	@tools/check-release

check-reproducible: ## build the last commit twice, in folders of different names, and compare executables, packages and images
	@tools/need-build
	@tools/check-reproducible

format: ## format the Swift code, in place
	@swift format --in-place --parallel --recursive $(SWIFT_CODE)

lint: ## check the format of the Swift code, the boundaries of the rooms, and the scripts if shellcheck is installed
	@swift format lint --strict --parallel --recursive $(SWIFT_CODE)
	@tools/lint-rooms
	@if command -v shellcheck >/dev/null; then shellcheck -x .ci/run $$(grep -lE '^#!.*(bash|sh)$$' tools/*); fi

sanitize: ## run the tests of the ground floor under sanitizers: memory, leaks, undefined behaviour, threads
	@tools/need-build
	@tools/sanitize

fuzz: ## give the ground floor's readers made-up input; FUZZTIME=600 for longer than 60 s each
	@tools/need-build
	@tools/fuzz

offline: ## make a release build of a fresh clone with the network cut
	@tools/need-build
	@tools/build-offline

docs: ## generate Documentation/catalogue.md, the pages of Documentation/reference, and the README's pictures
	@tools/build --product bulkhead
	@.build/debug/bulkhead catalogue --markdown >Documentation/catalogue.md
	@tools/reference .build/debug/bulkhead
	@tools/pictures

bench: ## run the benchmarks
	@if [ -x tools/bench ]; then tools/need-build && tools/bench; else echo "there are no benchmarks yet"; fi

clean: ## remove everything that these targets create: .build and .tools
	@rm -rf .build .tools
