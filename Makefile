# Everything that a user does with a checkout. `make` alone lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup deps check test test-unit test-integration test-kube test-e2e demo demo-down drill cluster-up cluster-down image mutate bench gen clean

NODE := node_modules/.bin/node
ONCE ?=
B ?=
D ?=

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  \033[1m%-16s\033[0m %s\n", $$1, $$2}' Makefile

node_modules/.package-lock.json: package.json package-lock.json
	npm ci
	@touch $@

deps: node_modules/.package-lock.json

setup: deps ## install what tests and demo need (npm packages; containerd, runc, CNI plugins, iptables when root)
	test/cluster/setup.sh

check: deps ## types, lint, format, unused code, scripts
	npm run --silent check

test: setup ## everything: check, unit, integration with a real nats-server, Kubernetes, end to end
	test/run/all.sh

test-unit: deps ## unit, contract and property tests only
	test/run/suites.sh unit

test-integration: deps ## real nats-server, real processes
	test/run/suites.sh integration oldest

test-kube: setup cluster-up ## against the real API server of the local cluster
	test/run/suites.sh kube

test-e2e: setup cluster-up image ## real pods on the local cluster
	test/run/suites.sh e2e

demo: setup ## local cluster, NATS, a venue, the operator, a feed: counts moving on screen (ONCE=1: check and exit)
	ONCE=$(ONCE) test/demo/demo.sh

demo-down: ## remove what the demo installed, keep the cluster
	test/demo/down.sh

cluster-up: setup ## two-node Kubernetes on this machine (CLUSTER=current: use the kubeconfig's cluster)
	test/cluster/tools.sh
	test/cluster/up.sh

cluster-down: ## stop it and leave nothing behind
	test/cluster/down.sh

image: deps ## the image as a tar, without a Docker daemon, loaded into the local nodes
	test/cluster/make-image.sh

mutate: deps ## take out one check at a time: the tests that guard it have to turn red
	PATH="$$(test/cluster/tools.sh --bin):$$PATH" $(NODE) test/mutation/run.ts

bench: deps ## list benchmarks; B=<name> runs one
	@if [ -z "$(B)" ]; then echo "benchmarks (make bench B=<name>):"; ls bench/*.ts 2>/dev/null | xargs -rn1 basename | sed 's/\.ts$$//;s/^/  /'; else $(NODE) bench/$(B).ts; fi

gen: deps ## print the documents and golden texts that come from the code
	UPDATE_GOLDEN=1 $(NODE) --test test/docs/*.test.ts test/operator/plan/conditions-doc.test.ts
	$(NODE) test/kube/crd/print-reference.ts >docs/resource.md.new && mv docs/resource.md.new docs/resource.md

drill: deps ## list drills, which break things for a while; D=<name> runs one and ends with its figures
	@if [ -z "$(D)" ]; then test/drill/list.sh; else test/drill/run.sh "$(D)"; fi

clean: ## remove build results (the tools' cache and the cluster stay)
	rm -rf dist coverage
