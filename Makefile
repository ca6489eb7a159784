# SPDX-License-Identifier: GPL-2.0
# What people type. Everything is built below build/ and in a cache outside the
# tree ($XDG_CACHE_HOME/virtflex); `make help` lists the targets.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
V ?= 0
KERNEL ?= fast
export V KERNEL

.PHONY: help demo check check-lint check-patches check-unit check-guest \
	check-xen check-xenpatched check-stock check-release check-newcomer check-host check-install check-openmp \
	check-mm stress mutants check-all bench-capacity bench-migrate bench-omp bench-host kernel module userspace \
	selftests install uninstall clean clean-cache

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  V=1 shows the commands; KERNEL=fast|debug|stock chooses the guest's kernel,"
	@echo "  XEN=stock|patched and TYPE=hvm|pvh where it runs, DEBIAN=12|13 whose Xen that is"
	@echo "  (demo, check-xen, check-xenpatched)"

demo: ## a topology change on a real Xen, seen from dom0 and from a program in the guest
	@scripts/demo/run

check: ## all tests; ends with "N passed, N failed, N skipped"
	@scripts/check/run lint patches unit guest xen xenpatched stock release host

check-lint: ## style and static checks: checkpatch, sparse, shellcheck, man pages
	@scripts/check/run lint

check-patches: ## the kernel series applies with git am, and every patch of it builds
	@scripts/check/run patches

check-unit: ## pure parts and libraries on this machine, with ASan and UBSan
	@scripts/check/run unit

check-guest: ## kselftests in a four-node guest without Xen
	@scripts/check/run guest

check-xen: ## topology changes on Xen, dom0 and a four-node guest
	@scripts/check/run xen

check-xenpatched: ## the series for Xen builds patch by patch, and a choice of check-xen on it
	@scripts/check/run xenpatched

check-stock: ## module and library on Debian's own kernel
	@scripts/check/run stock

check-release: ## a choice of check-xen on the Xen of another Debian than this machine's
	@scripts/check/run release

check-newcomer: ## README's commands in a fresh Debian that has nothing yet (DEBIAN=12|13, DEMO=1)
	@scripts/check/run newcomer

check-host: ## vCPUs and memory of a KVM host kept in balance, on real guests below libvirt
	@WHOLE=1 scripts/check/run host

check-install: ## README's install and uninstall in a fresh Debian, unpacked by mmdebstrap
	@scripts/check/run install

check-openmp: ## OpenMP programs below the adaptor: all ways to bind threads, and nodes that go on Xen
	@scripts/check/run openmp

check-mm: ## the kernel's own selftests of memory say the same with the series as without it (PROGRAMS=)
	@scripts/check/run mm

stress: ## virtflex_migrate(2) beside all that happens to memory, at random, on the debug kernel (MINUTES=10 SEED=)
	@KERNEL=$(if $(filter file,$(origin KERNEL)),debug,$(KERNEL)) scripts/check/run stress

mutants: ## plant single faults in library and command, list those that unit tests let through (FILES=lib/maps.c)
	@scripts/packages need gcc make libcmocka-dev libjson-c-dev libsmartcols-dev \
		libmount-dev liburing-dev pkg-config mandoc procps valgrind
	@scripts/mutants/run $(FILES)

check-all: ## check with ten rounds of memory, and all guests again on the debug kernel (hours)
	@ROUNDS=10 WHOLE=1 scripts/check/run lint patches unit install guest xen xenpatched stock host openmp mm
	@ROUNDS=10 WHOLE=1 KERNEL=debug scripts/check/run guest xen stress
	@DEMO=1 scripts/check/run newcomer
	@DEBIAN=$$(bash -c '. scripts/lib/debian.sh && other_debian') scripts/check/run install xen xenpatched
	@ROUNDS=10 XEN=patched TYPE=pvh scripts/check/run xen
	@ROUNDS=10 XEN=patched TYPE=hvm scripts/check/run xen
	@XEN=debug TYPE=hvm scripts/check/run xen

bench-capacity: ## memory to the host and back, beside the stock balloon driver (RUNS=8 MIB=64 NODE=1G XEN=stock|patched|both)
	@scripts/bench/capacity

bench-migrate: ## memory from node to node, beside move_pages and a plain copy (RUNS=8 MIB=64 PARTS="move callers scan mark wait zeroed count")
	@scripts/bench/migrate

bench-omp: ## what following costs OpenMP programs, and what it gains (RUNS=12 GUEST_RUNS=3 PARTS="region count shared guest")
	@scripts/bench/omp

bench-host: ## time and changes of a plan for physical CPUs, beside all assignments there are; an interval by size
	@scripts/bench/host

kernel: ## build the guest's kernel (cached), print where it is
	@scripts/kernel $(KERNEL)

module: ## build virtflex.ko; KDIR=... for another kernel than the running one
	@$(MAKE) -C module $(if $(KDIR),KDIR=$(KDIR))

userspace: ## build libvirtflex, the OpenMP adaptor and the commands into build/
	@$(MAKE) -C userspace

selftests: ## build the kselftests into build/selftests
	@$(MAKE) -C selftests KSRC=$$(scripts/kernel source) OUTPUT=../build/selftests

# From a relative DESTDIR it is the same directory in userspace/.
installing = $(MAKE) -C userspace $@ $(if $(DESTDIR),DESTDIR="$$(realpath -m '$(DESTDIR)')")

install: ## install libraries, commands, man pages and documents (PREFIX=, DESTDIR=); ldconfig, if root
	@$(installing)

uninstall: ## remove what "install" with the same PREFIX= and DESTDIR= has installed
	@$(installing)

clean: ## remove what was built in this tree
	@rm -rf build
	@$(MAKE) -s -C module clean

clean-cache: ## remove cached kernels, packages and images
	@scripts/cache clean
