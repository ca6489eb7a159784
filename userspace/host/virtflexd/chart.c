// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture of a log: what each physical CPU carries, memory of guests and host, and who
 * has which node, one below the other by the same time. Each decision is marked.
 */
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "shared.h"

#define WIDTH		1100
#define PANEL_HEIGHT	300
#define TOP_HEIGHT	40
/* More physical CPUs are drawn by colour, a row each. */
#define MOST_LINES	16
/* and names of more guests are no longer legible */
#define MOST_NAMES	24
/* What is left above the largest value */
#define MARGIN		1.05
/* How much of its row a node fills */
#define HALF_ROW	0.35
#define BARS		"with boxxyerror fs solid 0.6 noborder "

/* Names of guests are anybody's: between single quotes gnuplot takes them as they are. */
static void put_name(FILE *f, const char *name)
{
	char *clean = clean_text(name, has_utf8());
	const char *c;

	fputc('\'', f);
	for (c = clean ? clean : "?"; *c; c++)
		fputs(*c == '\'' ? "''" : (char[]){ *c, 0 }, f);
	fputc('\'', f);
	free(clean);
}

static void put_block(FILE *f, const char *kind, unsigned int index,
		      const struct series *s)
{
	size_t i;

	fprintf(f, "$%s%u << EOD\n", kind, index);
	for (i = 0; i < s->count; i++)
		fprintf(f, "%.3f %.6g\n", s->second[i], s->value[i]);
	/* without a point it would be an error */
	if (!s->count)
		fputs("0 NaN\n", f);
	fputs("EOD\n", f);
}

static void put_blocks(FILE *f, const char *kind, const struct series_list *list)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		put_block(f, kind, i, &list->all[i]);
}

/* Which series of a list has a name; -1 for none */
static int index_of(const struct series_list *list, const char *name)
{
	unsigned int i;

	for (i = 0; i < list->count; i++)
		if (!strcmp(list->all[i].name, name))
			return i;
	return -1;
}

/* The largest value of all, and of what there may be already */
static double most(const struct series_list *list, double least)
{
	unsigned int i;
	size_t p;

	for (i = 0; i < list->count; i++)
		for (p = 0; p < list->all[i].count; p++)
			if (list->all[i].value[p] > least)
				least = list->all[i].value[p];
	return least;
}

static void put_load_lines(FILE *f, const struct log *log)
{
	int index;
	unsigned int i;

	put_blocks(f, "load", &log->loads);
	put_blocks(f, "pin", &log->pins);
	fputs("plot", f);
	for (i = 0; i < log->loads.count; i++)
		fprintf(f, "%s $load%u with lines lw 2 lc %u title 'CPU %s'",
			i ? "," : "", i, i + 1, log->loads.all[i].name);
	for (i = 0; i < log->pins.count; i++) {
		index = index_of(&log->loads, log->pins.all[i].name);
		fprintf(f, ", $pin%u with points pt 7 ps 0.8 lc %d %s", i, index + 1,
			i ? "notitle" : "title 'a vCPU is pinned there'");
	}
	fputc('\n', f);
}

/* A row for each CPU, its load as a colour */
static void put_load_rows(FILE *f, const struct log *log)
{
	const struct series *s;
	unsigned int i;
	double until;
	size_t p;

	fputs("$loads << EOD\n", f);
	for (i = 0; i < log->loads.count; i++) {
		s = &log->loads.all[i];
		for (p = 0; p < s->count; p++) {
			until = p + 1 < s->count ? s->second[p + 1] : log->end;
			fprintf(f, "%.3f %s %.3f %.3f %s-0.5 %s+0.5 %.6g\n",
				s->second[p], s->name, s->second[p], until,
				s->name, s->name, s->value[p]);
		}
	}
	fputs("EOD\n$pins << EOD\n0 NaN\n", f);
	for (i = 0; i < log->pins.count; i++)
		for (p = 0; p < log->pins.all[i].count; p++)
			fprintf(f, "%.3f %s\n", log->pins.all[i].second[p],
				log->pins.all[i].name);
	fputs("EOD\n"
	      "set palette defined (0 'white', 50 '#9ecae1', 100 '#08519c', 200 '#a50f15')\n"
	      "set cbrange [0:200]\nset cblabel 'percent of one'\n"
	      "set colorbox user origin graph 1.04, graph 0.05 size graph 0.02, graph 0.7\n"
	      "set ylabel 'physical CPU'\nset yrange [-0.5:*] noextend\n"
	      "plot $loads using 1:2:3:4:($2-0.5):($2+0.5):7 "
	      "with boxxyerror fs solid noborder fc palette notitle, "
	      "$pins with points pt 7 ps 0.5 lc 'black' title 'a vCPU is pinned there'\n"
	      "unset cblabel\n", f);
}

static void put_loads(FILE *f, const struct log *log)
{
	fprintf(f, "set title 'What vCPUs want of physical CPUs'\n"
		"set ylabel 'percent of one'\nset yrange [0:%g]\n",
		MARGIN * most(&log->loads, 100));
	if (log->loads.count > MOST_LINES)
		put_load_rows(f, log);
	else
		put_load_lines(f, log);
}

static void put_memory(FILE *f, const struct log *log)
{
	const struct series_list *sizes = &log->sizes;
	unsigned int i;
	int index;

	put_blocks(f, "size", sizes);
	put_blocks(f, "need", &log->needs);
	put_blocks(f, "resize", &log->resizes);
	fprintf(f, "set title 'Memory of guests (lines), and what is in use of it (dashed)'\n"
		"set ylabel 'GiB'\nset yrange [0:%g]\nplot",
		MARGIN * most(sizes, most(&log->needs, 0.1)));
	for (i = 0; i < sizes->count; i++) {
		fprintf(f, "%s $size%u with lines lw 2 lc %u ", i ? "," : "", i, i + 1);
		if (sizes->count <= MOST_NAMES) {
			fputs("title ", f);
			put_name(f, sizes->all[i].name);
		} else {
			fputs("notitle", f);
		}
	}
	for (i = 0; i < log->needs.count; i++) {
		index = index_of(sizes, log->needs.all[i].name);
		fprintf(f, ", $need%u with lines dt 2 lc %d notitle", i, index + 1);
	}
	for (i = 0; i < log->resizes.count; i++) {
		index = index_of(sizes, log->resizes.all[i].name);
		fprintf(f, ", $resize%u with points pt 7 ps 0.5 lc %d %s", i, index + 1,
			i ? "notitle" : "title 'asked to have'");
	}
	fputc('\n', f);
}

/* By itself: a host has so much more than its guests that these would be lines at the bottom. */
static void put_host(FILE *f, const struct log *log)
{
	unsigned int i;

	put_blocks(f, "host", &log->available);
	fprintf(f, "set title 'Memory that the host has left'\n"
		"set ylabel 'GiB'\nset yrange [0:%g]\nplot",
		MARGIN * most(&log->available, 0.1));
	for (i = 0; i < log->available.count; i++)
		fprintf(f, "%s $host%u with lines lw 2 lc 'black' title 'available on the host'",
			i ? "," : "", i);
	fputc('\n', f);
}

/* Bars of one guest: nodes that it has, from when until when */
static void put_bars(FILE *f, const struct log *log, int guest)
{
	const struct series *s;
	unsigned int i;
	size_t p, q;

	fprintf(f, "$bars%d << EOD\n0 NaN 0 0 0\n", guest + 2);
	for (i = 0; i < log->owners.count; i++) {
		s = &log->owners.all[i];
		for (p = 0; p < s->count; p = q) {
			for (q = p + 1; q < s->count && s->value[q] == s->value[p]; q++)
				;
			if (s->value[p] == guest)
				fprintf(f, "%.3f %s %.3f %.3f\n", s->second[p], s->name,
					s->second[p],
					q < s->count ? s->second[q] : log->end);
		}
	}
	fputs("EOD\n", f);
}

/* What was decided, as a mark and in words; waiting is no change */
static const struct {
	const char *what;
	const char *mark;
	const char *words;
} marks[] = {
	{ "move", "pt 9 ps 1.2 lc 'black'", "it is to go" },
	{ "dry-run", "pt 8 ps 1.2 lc 'black'", "it would go" },
	{ "done", "pt 7 ps 1.0 lc 'black'", "it has come" },
	{ "refused", "pt 2 ps 1.4 lw 2 lc 'red'", "a guest refused" },
	{ "gone", "pt 1 ps 1.4 lw 2 lc 'red'", "given up" },
	{ "off", "pt 1 ps 1.4 lw 2 lc 'red'", "given up" },
	{ "no-room", "pt 1 ps 1.4 lw 2 lc 'red'", "no memory there" },
	{ "slow", "pt 1 ps 1.4 lw 2 lc 'red'", "no answer" },
	{ "busy", "pt 1 ps 1.4 lw 2 lc 'red'", "given up" },
};

static void put_nodes(FILE *f, const struct log *log)
{
	unsigned int i;
	int index;

	for (i = 0; i < log->guests.count; i++)
		put_bars(f, log, i);
	put_bars(f, log, -2);
	put_blocks(f, "move", &log->moves);
	fprintf(f, "set title 'Who has which physical node, and what was decided'\n"
		"set ylabel 'physical node'\nset yrange [-0.6:%u-0.4]\nset ytics 1\nplot",
		log->owners.count);
	for (i = 0; i < log->guests.count; i++) {
		index = index_of(&log->sizes, log->guests.all[i].name);
		fprintf(f, "%s $bars%u using 1:2:3:4:($2-%g):($2+%g) " BARS "lc %d title ",
			i ? "," : "", i + 2, HALF_ROW, HALF_ROW,
			(index < 0 ? (int)i : index) + 1);
		put_name(f, log->guests.all[i].name);
	}
	fprintf(f, "%s $bars0 using 1:2:3:4:($2-%g):($2+%g) " BARS "lc 'gray' notitle",
		log->guests.count ? "," : "", HALF_ROW, HALF_ROW);
	for (i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
		index = index_of(&log->moves, marks[i].what);
		if (index >= 0)
			fprintf(f, ", $move%d with points %s title '%s'", index,
				marks[i].mark, marks[i].words);
	}
	fputs("\nset ytics autofreq\n", f);
}

/**
 * chart_write() - tell gnuplot how to draw a log
 * @f: where gnuplot reads
 * @log: log
 */
void chart_write(FILE *f, const struct log *log)
{
	unsigned int panels = !!log->loads.count + !!log->sizes.count +
			      !!log->available.count + !!log->owners.count;

	if (has_utf8())
		fputs("set encoding utf8\n", f);
	fprintf(f, "set terminal svg size %d,%d dynamic noenhanced font 'sans-serif,12' "
		"background 'white'\n"
		"set key outside right top noenhanced\n"
		"set xrange [0:%.3f]\nset xlabel 'seconds'\nset grid\n"
		"set lmargin 10\nset rmargin 28\n"
		"set multiplot layout %u,1\n",
		WIDTH, TOP_HEIGHT + PANEL_HEIGHT * (int)(panels ? panels : 1),
		log->end > 0 ? log->end : 1, panels ? panels : 1);
	if (log->loads.count)
		put_loads(f, log);
	if (log->sizes.count)
		put_memory(f, log);
	if (log->available.count)
		put_host(f, log);
	if (log->owners.count)
		put_nodes(f, log);
	fputs("unset multiplot\n", f);
}
