# SPDX-License-Identifier: GPL-2.0-only
# What the Makefiles of the programs share: "program" is what to build, from the folder
# that it is in and from what the programs have in common. Nothing else is built.

.DEFAULT_GOAL := $(program)
userspace := ../..
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

packages := libvirt json-c smartcols
missing := $(foreach package,$(packages),$(if $(shell $(PKG_CONFIG) --exists $(package) && echo yes),,$(package)))
ifneq ($(MAKECMDGOALS),clean)
ifneq ($(strip $(missing)),)
$(error pkg-config does not find: $(strip $(missing)). On Debian: apt-get install gcc pkg-config libvirt-dev libjson-c-dev libsmartcols-dev)
endif
endif

folders := $(userspace)/shared ../core ../backend ../daemon
sources := $(wildcard *.c $(folders:%=%/*.c))
headers := $(wildcard *.h $(folders:%=%/*.h))

$(program): $(sources) $(headers) $(MAKEFILE_LIST)
	$(CC) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Werror \
		-I. $(folders:%=-I%) -I$(userspace)/lib -I$(userspace)/../uapi \
		$$($(PKG_CONFIG) --cflags $(packages)) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) \
		-o $@ $(sources) $$($(PKG_CONFIG) --libs $(packages))

.PHONY: clean
clean:
	rm -f $(program)
