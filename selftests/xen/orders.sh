# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0
#
# Orders to the guest, which agent.sh follows there. Sourced in dom0, after lib.sh and
# host.sh; variables set here are read there.
# shellcheck disable=SC2034
data=/local/domain/$DOMID/data
# A script before this one may have asked.
asked=$(xenstore-read "$data/do" 2>/dev/null | cut -d' ' -f1)
asked=${asked:-0}

# guest COMMAND: run a shell command in the guest; its output is in $said
guest() {
	asked=$((asked + 1))
	xenstore-write "$data/do" "$asked $*"
	(numa=$data && await_key did "$asked *" 120) || {
		fail "the guest does not answer to: $*"
		return 99
	}
	said=$(xenstore-read -R "$data/did")
	said=${said#* }
	code=${said%% *}
	said=${said#* }
	return "$code"
}

# await_agent: until the guest takes orders; without, no test can run
await_agent() {
	(numa=$data && await_key agent ready 120) && return
	echo "not ok 1 no agent in the guest"
	echo "# 0 passed, 1 failed, 0 skipped"
	exit 1
}

# end_agent: unless there are other scripts, whose agent it is too (several.sh)
end_agent() { [ "${AGENT-}" = stays ] || xenstore-write "$data/do" "end bye"; }
