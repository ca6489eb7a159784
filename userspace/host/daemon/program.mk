# SPDX-License-Identifier: GPL-2.0-only
# What the Makefiles of the programs share: "program" is what to build, from the folder
# that it is in and from what the programs have in common. Nothing else is built. It knows
# hosts of libvirt where libvirt-dev is, and hosts of Xen where libxen-dev is.

.DEFAULT_GOAL := $(program)
userspace := ../..
PKG_CONFIG ?= pkg-config
CFLAGS ?= -O2 -g

exists = $(shell $(PKG_CONFIG) --exists $(1) && echo yes)
xen := xenlight xenstore xencontrol xentoollog
with_libvirt := $(call exists,libvirt)
with_xen := $(call exists,$(xen))
packages := json-c smartcols $(if $(with_libvirt),libvirt) $(if $(with_xen),$(xen))
missing := $(foreach package,json-c smartcols,$(if $(call exists,$(package)),,$(package))) \
	$(if $(with_libvirt)$(with_xen),,libvirt or xenlight)
ifneq ($(MAKECMDGOALS),clean)
ifneq ($(strip $(missing)),)
$(error pkg-config does not find: $(strip $(missing)). On Debian: apt-get install gcc pkg-config libjson-c-dev libsmartcols-dev, and libvirt-dev (libxen-dev for Xen's dom0))
endif
endif

backend := $(wildcard ../backend/*.c)
folders := $(userspace)/shared ../core ../backend ../daemon ../xen
sources := $(wildcard *.c $(userspace)/shared/*.c ../core/*.c ../daemon/*.c) \
	$(filter-out ../backend/libvirt% ../backend/xen%,$(backend)) \
	$(if $(with_libvirt),$(filter ../backend/libvirt%,$(backend))) \
	$(if $(with_xen),$(filter ../backend/xen%,$(backend)) $(wildcard ../xen/*.c))
headers := $(wildcard *.h $(folders:%=%/*.h))
knows := $(if $(with_libvirt),-DWITH_LIBVIRT=1) $(if $(with_xen),-DWITH_XEN=1)

$(program): $(sources) $(headers) $(MAKEFILE_LIST)
	$(CC) -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Wall -Wextra -Werror \
		-I. $(folders:%=-I%) -I$(userspace)/lib -I$(userspace)/../uapi $(knows) \
		$$($(PKG_CONFIG) --cflags $(packages)) $(CFLAGS) $(CPPFLAGS) $(LDFLAGS) \
		-o $@ $(sources) $$($(PKG_CONFIG) --libs $(packages))

.PHONY: clean
clean:
	rm -f $(program)
