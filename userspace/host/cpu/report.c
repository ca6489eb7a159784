// SPDX-License-Identifier: GPL-2.0-only
/* What is told of an interval: changes, what physical CPUs carry, metrics. */
#include <stdlib.h>
#include <string.h>

#include "cpu.h"

/* What metrics tell, and what was said last */
static unsigned int *carried_last;
static unsigned int nr_carried;
static unsigned int spread_last;
static unsigned int nr_vcpus_last, nr_floating_last;
static bool said_use, said_start;
static enum { SAID_NOTHING, SAID_BALANCED, SAID_UNEVEN } said_state;
/* vCPUs that were kept off CPUs since the last line of JSON; NULL for none */
static struct json_object *kept_off;

/**
 * cpu_report_forget() - forget what was told
 */
void cpu_report_forget(void)
{
	json_object_put(kept_off);
	kept_off = NULL;
	free(carried_last);
	carried_last = NULL;
	nr_carried = 0;
	said_start = false;
	said_state = SAID_NOTHING;
}

static unsigned int count_floating(const struct balance *host)
{
	unsigned int i, count = 0;

	for (i = 0; i < host->nr_loads; i++)
		count += host->loads[i].cpu == FLOATS;
	return count;
}

static void remember(const struct reading *r)
{
	free(carried_last);
	nr_carried = 0;
	carried_last = calloc(r->host->nr_cpus + 1, sizeof(*carried_last));
	if (carried_last && balance_loads(r->host, carried_last))
		nr_carried = r->host->nr_cpus;
	spread_last = balance_spread(r->host);
	nr_vcpus_last = r->host->nr_loads;
	nr_floating_last = count_floating(r->host);
}

static double points(unsigned int thousandths)
{
	return (double)thousandths / POINT;
}

static struct json_object *points_json(unsigned int thousandths)
{
	struct json_object *number = json_object_new_double(points(thousandths));

	json_object_set_serializer(number, json_object_double_to_json_string,
				   "%.1f", NULL);
	return number;
}

static struct json_object *cpus_json(const struct balance *host)
{
	struct json_object *array = json_object_new_array(), *o;
	unsigned int i;

	for (i = 0; i < nr_carried; i++) {
		if (!CPU_ISSET(i, &host->usable))
			continue;
		o = json_object_new_object();
		json_object_object_add(o, "cpu", json_u64(i));
		json_object_object_add(o, "load",
				       points_json(carried_last[i]));
		json_object_array_add(array, o);
	}
	return array;
}

static struct json_object *vcpus_json(const struct snapshot *now,
				      const struct reading *r)
{
	struct json_object *array = json_object_new_array(), *o;
	const struct guest *g;
	unsigned int i;
	char *text;

	for (i = 0; i < r->host->nr_loads; i++) {
		g = &now->guests[r->places[i].guest];
		text = cpulist_text(&g->vcpus[r->places[i].vcpu].affinity);
		o = json_object_new_object();
		json_object_object_add(o, "guest", json_text(g->name));
		json_object_object_add(o, "vcpu", json_u64(r->places[i].vcpu));
		json_object_object_add(o, "demand",
				       points_json(r->host->loads[i].demand));
		json_object_object_add(o, "cpus", json_object_new_string(text ? text : "-"));
		json_object_array_add(array, o);
		free(text);
	}
	return array;
}

/* null for one that was not pinned */
static struct json_object *from_json(const struct load *l)
{
	return l->cpu == FLOATS ? NULL : json_u64(l->cpu);
}

static struct json_object *changes_json(const struct snapshot *now,
					const struct reading *r,
					const struct plan *plan, const bool *done)
{
	struct json_object *array = json_object_new_array(), *o;
	const struct place *p;
	unsigned int i;

	for (i = 0; i < plan->nr_pins; i++) {
		p = &r->places[plan->pins[i].load];
		o = json_object_new_object();
		json_object_object_add(o, "guest",
				       json_text(now->guests[p->guest].name));
		json_object_object_add(o, "vcpu", json_u64(p->vcpu));
		json_object_object_add(o, "from", from_json(&r->host->loads[plan->pins[i].load]));
		json_object_object_add(o, "to", json_u64(plan->pins[i].cpu));
		json_object_object_add(o, "done", json_object_new_boolean(done[i]));
		json_object_array_add(array, o);
	}
	return array;
}

static void tell(struct json_object *o, const struct snapshot *now,
		 const struct reading *r, const struct plan *plan,
		 const bool *done)
{
	json_object_object_add(o, "spread", points_json(spread_last));
	json_object_object_add(o, "not_pinned", json_u64(nr_floating_last));
	json_object_object_add(o, "plan_seconds",
			       json_object_new_double(r->plan_seconds));
	json_object_object_add(o, "cpus", cpus_json(r->host));
	json_object_object_add(o, "vcpus", vcpus_json(now, r));
	json_object_object_add(o, "changes", changes_json(now, r, plan, done));
	json_object_object_add(o, "kept_off", kept_off ? kept_off : json_object_new_array());
	kept_off = NULL;
}

/* Why a change was not made; "" if it was */
static const char *not_made(const struct daemon *d, bool done)
{
	if (d->settings->dry_run)
		return " (not changed: --dry-run)";
	if (done)
		return "";
	return interrupted() ? " (not changed: it is to end)" : " (it could not be pinned)";
}

static void print_changes(const struct daemon *d, const struct snapshot *now,
			  const struct reading *r, const struct plan *plan,
			  const bool *done)
{
	const struct load *l;
	const struct place *p;
	unsigned int i;

	for (i = 0; i < plan->nr_pins; i++) {
		l = &r->host->loads[plan->pins[i].load];
		p = &r->places[plan->pins[i].load];
		print_clean(stdout, now->guests[p->guest].name);
		printf(": vCPU %u, which wants %.0f %% of a CPU: ", p->vcpu,
		       points(l->demand));
		if (l->cpu == FLOATS)
			printf("not pinned");
		else
			printf("CPU %d", l->cpu);
		printf(" -> %u%s\n", plan->pins[i].cpu, not_made(d, done[i]));
	}
	if (!plan->nr_pins || plan->forced)
		return;
	if (plan->before < plan->after + cpu_settings.least_gain)
		printf("%u change%s: the busiest core had %.0f points more for each CPU "
		       "than the idlest, and is to have %.0f\n",
		       plan->nr_pins, plan->nr_pins > 1 ? "s" : "",
		       points(plan->cores_before), points(plan->cores_after));
	else
		printf("%u change%s: the busiest CPU had %.0f points more than "
		       "the idlest, and is to have %.0f\n",
		       plan->nr_pins, plan->nr_pins > 1 ? "s" : "",
		       points(plan->before), points(plan->after));
}

static void print_loads(const struct balance *host)
{
	unsigned int i;

	printf("CPUs, in percent of one:");
	for (i = 0; i < nr_carried; i++)
		if (CPU_ISSET(i, &host->usable))
			printf(" %u:%.0f", i, points(carried_last[i]));
	printf("; %.0f points apart\n", points(spread_last));
}

static void print_floating(void)
{
	if (nr_floating_last)
		printf("%u of %u vCPUs are not pinned, and are left to the kernel\n",
		       nr_floating_last, nr_vcpus_last);
}

/* What is said when it begins, and when the host comes into balance. */
static void print_state(const struct daemon *d, const struct snapshot *now,
			const struct reading *r, const struct plan *plan)
{
	bool balanced = spread_last <= BALANCED;

	if (!said_start)
		printf("%s: %d physical CPUs for guests; %u guests, %u vCPUs; "
		       "a look every %llu s\n",
		       d->settings->connect, CPU_COUNT(&r->host->usable),
		       now->nr_guests, r->host->nr_loads,
		       (unsigned long long)d->settings->seconds);
	if (!said_start || d->settings->verbose)
		print_floating();
	if (balanced && said_state != SAID_BALANCED) {
		printf("balanced: %.0f points between the busiest CPU and the idlest\n",
		       points(spread_last));
		said_state = SAID_BALANCED;
	} else if (!balanced && r->decided && !plan->nr_pins &&
		   said_state != SAID_UNEVEN) {
		printf("%.0f points between the busiest CPU and the idlest: no change "
		       "makes that less, or the last two intervals do not agree\n",
		       points(spread_last));
		said_state = SAID_UNEVEN;
	}
	said_start = true;
}

/*
 * Once, if it is so for the host. One vCPU of which it is not known for an interval is none
 * to speak of; and on Xen it is never the host.
 */
static void say_only_use(const struct daemon *d, const struct reading *r)
{
	if (said_use || !r->only_use || r->knows_waits || !strcmp(d->settings->connect, "xen"))
		return;
	said_use = true;
	error("this host does not say how long vCPUs wait for a CPU, so that those on a full "
	      "CPU seem to want less than they do; it takes a newer libvirt, or a kernel with "
	      "CONFIG_SCHED_INFO");
}

/**
 * report_reading() - tell what was seen in an interval, and done
 * @d: program
 * @now: what was seen
 * @r: the same, as a reading
 * @plan: changes
 * @done: which of them were made
 */
void report_reading(const struct daemon *d, const struct snapshot *now,
		    const struct reading *r, const struct plan *plan,
		    const bool *done)
{
	struct json_object *line;

	say_only_use(d, r);
	remember(r);
	line = daemon_line(d);
	if (line)
		tell(line, now, r, plan, done);
	if (d->settings->json)
		return;
	print_state(d, now, r, plan);
	if (d->settings->verbose)
		print_loads(r->host);
	print_changes(d, now, r, plan, done);
}

static void tell_kept_off(const struct guest *g, unsigned int vcpu, const char *from,
			  const char *to, bool done)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "guest", json_text(g->name));
	json_object_object_add(o, "vcpu", json_u64(vcpu));
	json_object_object_add(o, "from", json_object_new_string(from));
	json_object_object_add(o, "to", json_object_new_string(to));
	json_object_object_add(o, "done", json_object_new_boolean(done));
	if (!kept_off)
		kept_off = json_object_new_array();
	json_object_array_add(kept_off, o);
}

/**
 * report_kept_off() - tell that a vCPU loses CPUs that are not for guests
 * @d: program
 * @g: its guest
 * @vcpu: vCPU, which may run on several CPUs
 * @cpus: those that are left
 * @done: whether the change was made
 *
 * JSON has it in the next line.
 */
void report_kept_off(const struct daemon *d, const struct guest *g, unsigned int vcpu,
		     const cpu_set_t *cpus, bool done)
{
	char *from = cpulist_text(&g->vcpus[vcpu].may_run), *to = cpulist_text(cpus);

	if (from && to && d->line)
		tell_kept_off(g, vcpu, from, to, done);
	if (from && to && !d->settings->json) {
		print_clean(stdout, g->name);
		printf(": vCPU %u, not pinned: CPUs %s -> %s%s\n", vcpu, from, to,
		       not_made(d, done));
	}
	free(from);
	free(to);
}

/**
 * report_cpus() - say once that there is no physical CPU that guests may have
 * @there: whether there is one
 */
void report_cpus(bool there)
{
	static bool said;

	if (!there && !said)
		error("no physical CPU that guests may have is online; vCPUs stay where they are "
		      "until one is");
	said = !there;
}

/**
 * cpu_metrics() - write metrics of the last interval
 * @f: file
 */
void cpu_metrics(FILE *f)
{
	char cpu[16];
	unsigned int i;

	metric(f, "vcpu_scheduler_spread_points", "gauge",
	       "What the busiest physical CPU has beyond the idlest");
	metric_value(f, "vcpu_scheduler_spread_points", NULL, NULL,
		     points(spread_last));
	metric(f, "vcpu_scheduler_vcpus", "gauge", "vCPUs that run");
	metric_value(f, "vcpu_scheduler_vcpus", NULL, NULL, nr_vcpus_last);
	metric(f, "vcpu_scheduler_vcpus_not_pinned", "gauge",
	       "Of these, those that are left to the kernel");
	metric_value(f, "vcpu_scheduler_vcpus_not_pinned", NULL, NULL,
		     nr_floating_last);
	metric(f, "vcpu_scheduler_cpu_demand_percent", "gauge",
	       "What the vCPUs on a physical CPU want of it");
	for (i = 0; i < nr_carried; i++) {
		snprintf(cpu, sizeof(cpu), "%u", i);
		metric_value(f, "vcpu_scheduler_cpu_demand_percent", "cpu", cpu,
			     points(carried_last[i]));
	}
}
