// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtflex run: a program below the OpenMP adaptor, in place of this command.
 * Nothing stays behind: signals, terminal and exit status are the program's.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

/* What stands between the names in LD_PRELOAD. */
#define SEPARATORS	" :"

/* The loader of programs that can have the adaptor in them. */
#define LOADER		"ld-linux-x86-64.so.2"

static bool verbose, team_follows;

static int take_option(struct context *ctx, const char *name, const char *arg)
{
	(void)ctx;
	if (!strcmp(name, "verbose"))
		verbose = true;
	else if (!strcmp(arg, "follow") || !strcmp(arg, "fixed"))
		team_follows = !strcmp(arg, "follow");
	else
		return usage_error("--team is fixed or follow, not %s%s%s",
				   quote(arg), arg, quote(arg));
	return EXIT_DONE;
}

/* Where execvp(3) finds a program, to be freed; NULL if it does not. */
static char *find_program(const char *name)
{
	const char *dirs = getenv("PATH"), *end;
	struct stat st;
	char *path;

	if (strchr(name, '/'))
		return strdup(name);
	if (!dirs)
		dirs = "/bin:/usr/bin";
	for (;; dirs = end + 1) {
		end = strchrnul(dirs, ':');
		if (asprintf(&path, "%.*s%s%s", (int)(end - dirs), dirs,
			     end == dirs ? "" : "/", name) < 0)
			return NULL;
		if (!access(path, X_OK) && !stat(path, &st) &&
		    S_ISREG(st.st_mode))
			return path;
		free(path);
		if (!*end)
			return NULL;
	}
}

/**
 * enum fit - whether a program can have the adaptor in it
 * @FITS: it can, as far as can be told
 * @IGNORES: it runs as if it were not there
 * @REFUSES: it would complain, or not run at all
 */
enum fit { FITS, IGNORES, REFUSES };

/* Does the loader of the program take the adaptor? */
static enum fit loader_fit(int fd, const Elf64_Ehdr *elf, const char **why)
{
	char name[256] = "";
	Elf64_Phdr segment;
	unsigned int i;

	for (i = 0; i < elf->e_phnum; i++) {
		if (pread(fd, &segment, sizeof(segment), elf->e_phoff +
			  (off_t)i * elf->e_phentsize) != sizeof(segment))
			return FITS;
		if (segment.p_type != PT_INTERP)
			continue;
		if (segment.p_filesz >= sizeof(name) ||
		    pread(fd, name, segment.p_filesz, segment.p_offset) < 0)
			return FITS;
		if (strstr(name, LOADER))
			return FITS;
		*why = "is of another C library";
		return REFUSES;
	}
	*why = "is linked statically";
	return IGNORES;
}

static enum fit file_fit(int fd, const char **why)
{
	Elf64_Ehdr elf;

	/* whatever else it is, a script for one, says nothing of itself */
	if (pread(fd, &elf, sizeof(elf), 0) != sizeof(elf) ||
	    memcmp(elf.e_ident, ELFMAG, SELFMAG))
		return FITS;
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != EM_X86_64) {
		*why = "is of another architecture";
		return REFUSES;
	}
	return loader_fit(fd, &elf, why);
}

/* Is it run as somebody else? The loader lets nobody preload into it then. */
static bool is_set_id(int fd)
{
	struct stat st;

	return !fstat(fd, &st) &&
	       ((st.st_mode & S_ISUID && st.st_uid != getuid()) ||
		(st.st_mode & S_ISGID && st.st_mode & 0010 &&
		 st.st_gid != getgid()));
}

static enum fit program_fit(const char *name, const char **why)
{
	char *path = find_program(name);
	enum fit fit;
	int fd;

	if (!path)
		return FITS;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	free(path);
	if (fd < 0)
		return FITS;
	fit = file_fit(fd, why);
	if (fit == FITS && is_set_id(fd)) {
		*why = "is set-user-ID or set-group-ID";
		fit = IGNORES;
	}
	close(fd);
	return fit;
}

/* Returns EXIT_ERROR. */
static int cannot_preload(const char *name, int err)
{
	error("cannot preload %s: %s", name, strerror(-err));
	return EXIT_ERROR;
}

/* The names in a list but for one, each after a colon. */
static char *without(const char *list, const char *name)
{
	char *others = calloc(1, strlen(list) + 2), *to = others;
	size_t len;

	while (others) {
		list += strspn(list, SEPARATORS);
		len = strcspn(list, SEPARATORS);
		if (!len)
			break;
		if (len != strlen(name) || strncmp(list, name, len))
			to += sprintf(to, ":%.*s", (int)len, list);
		list += len;
	}
	return others;
}

/* Before the others: what it stands in front of it has to see first. */
static int preload(const char *object)
{
	const char *before = getenv("LD_PRELOAD");
	char *others, *list;
	int ret;

	/* below another virtflex run it is there already */
	others = without(before ? before : "", object);
	if (!others)
		return -ENOMEM;
	ret = asprintf(&list, "%s%s", object, others);
	free(others);
	if (ret < 0)
		return -ENOMEM;
	ret = setenv("LD_PRELOAD", list, 1) ? -errno : 0;
	free(list);
	return ret;
}

static int prepare_object(const char *name)
{
	char *path;
	int ret;

	ret = beside_library(name, &path);
	if (ret)
		return cannot_preload(name, ret);
	if (access(path, R_OK)) {
		error("%s: %s; make install (or make userspace) puts it beside libvirtflex",
		      path, strerror(errno));
		ret = EXIT_ERROR;
	} else if (strpbrk(path, SEPARATORS)) {
		error("%s: no path with a blank or colon fits LD_PRELOAD: install elsewhere",
		      path);
		ret = EXIT_ERROR;
	} else {
		ret = preload(path);
		if (ret)
			ret = cannot_preload(name, ret);
	}
	free(path);
	return ret;
}

static bool switched_off(void)
{
	const char *value = getenv("VIRTFLEX");

	return value && !strcmp(value, "0");
}

static int prepare(const char *program)
{
	const char *why = NULL;
	enum fit fit;
	int ret = EXIT_DONE;

	if (verbose && setenv("VIRTFLEX_VERBOSE", "1", 1))
		return cannot_preload(ADAPTOR_NAME, -errno);
	if (switched_off()) {
		if (verbose)
			error("nothing is followed: VIRTFLEX is 0");
		return EXIT_DONE;
	}
	fit = program_fit(program, &why);
	/* what is put there last is first */
	if (fit != REFUSES && team_follows)
		ret = prepare_object(TEAM_NAME);
	if (fit != REFUSES && !ret)
		ret = prepare_object(ADAPTOR_NAME);
	if (ret || !verbose)
		return ret;
	if (fit != FITS)
		error("nothing is followed: %s %s", program, why);
	else if (access("/proc/virtflex/topology", R_OK))
		error("nothing is followed: no /proc/virtflex/topology; " LOAD_MODULE);
	return EXIT_DONE;
}

static int become_program(struct context *ctx, int argc, char **argv)
{
	int ret;

	(void)ctx;
	if (!argc)
		return usage_error("run needs a program");
	ret = prepare(argv[0]);
	if (ret)
		return ret;
	execvp(argv[0], argv);
	ret = errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	error("%s%s%s: %s", quote(argv[0]), argv[0], quote(argv[0]),
	      strerror(errno));
	return ret;
}

static const struct option_desc options[] = {
	{ "team", 0, "WHAT", "size of teams: fixed, or follow the CPUs" },
	{ "verbose", 'v', NULL, "say on standard error what is followed" },
	{ 0 },
};

const struct command cmd_run = {
	.name = "run",
	.synopsis = "[--] PROGRAM [ARG]...",
	.summary = "Run an OpenMP program whose threads and pages follow the topology",
	.options = options,
	.note = "--team=follow is for programs that ask omp_get_max_threads() each time: others\n"
		"compute wrong.\n"
		"Exit status: the program's; 125 for an error of virtflex, 126 and 127 for\n"
		"a program that cannot be run or found.",
	.max_args = MANY_ARGS,
	.in_order = true,
	.own_failure = EXIT_OWN_FAILURE,
	.option = take_option,
	.run = become_program,
};
