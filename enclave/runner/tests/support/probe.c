/* The command inside the test containers: one verb, one attempt, its outcome on standard output and as exit code. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <dirent.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int is(const char *a, const char *b) { return strcmp(a, b) == 0; }

/* Prints "name allowed" or "name <errno>". */
static void tell(const char *name, long answer) {
    if (answer < 0) printf("%s %d\n", name, errno); else printf("%s allowed\n", name);
}

static void touch_memory(size_t megabytes) {
    for (size_t i = 0; i < megabytes; i++) {
        char *p = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) exit(3);
        memset(p, 1, 1 << 20);
    }
}

static void burn(long milliseconds) {
    struct timespec t;
    do { for (volatile int i = 0; i < 100000; i++) {} clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    } while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < milliseconds);
}

static void sockets(void) {
    tell("unix", socket(AF_UNIX, SOCK_STREAM, 0));
    tell("inet", socket(AF_INET, SOCK_STREAM, 0));
    tell("inet6", socket(AF_INET6, SOCK_STREAM, 0));
    tell("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
    tell("packet", socket(AF_PACKET, SOCK_RAW, 0));
    tell("alg", socket(AF_ALG, SOCK_SEQPACKET, 0));
    tell("vsock", socket(AF_VSOCK, SOCK_STREAM, 0));
    tell("vsock-high", syscall(SYS_socket, 40L | (1L << 32), (long)SOCK_STREAM, 0L));
    tell("inet-high", syscall(SYS_socket, 2L | (1L << 32), (long)SOCK_STREAM, 0L));
}

static void forbidden(void) {
    struct timespec t = {0};
    struct timeval v = {0};
    tell("mount", mount("tmpfs", "/tmp", "tmpfs", 0, 0));
    tell("remount", mount(0, "/", 0, MS_REMOUNT, 0));
    tell("umount", umount2("/proc", MNT_DETACH));
    tell("fsopen", syscall(430, "tmpfs", 0));
    tell("open_tree", syscall(428, -100, "/", 0));
    tell("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
    tell("chroot", chroot("/tmp"));
    tell("unshare-user", unshare(CLONE_NEWUSER));
    tell("unshare-net", unshare(CLONE_NEWNET));
    tell("clone-user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    tell("clone3", syscall(435, 0, 0));
    tell("setns", setns(0, 0));
    tell("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
    tell("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0));
    tell("add_key", syscall(SYS_add_key, "user", "k", "v", 1, -3));
    tell("keyctl", syscall(SYS_keyctl, 0, -3, 0));
    tell("request_key", syscall(SYS_request_key, "user", "k", 0, 0));
    tell("bpf", syscall(SYS_bpf, 0, 0, 0));
    tell("userfaultfd", syscall(SYS_userfaultfd, 0));
    tell("io_uring", syscall(425, 1, 0));
    tell("perf", syscall(SYS_perf_event_open, 0, 0, -1, -1, 0));
    tell("settimeofday", settimeofday(&v, 0));
    tell("clock_settime", clock_settime(CLOCK_REALTIME, &t));
    tell("sethostname", sethostname("x", 1));
    tell("mknod", mknod("/work/device", S_IFBLK | 0666, 0xfe00));
    tell("setuid", setuid(0));
    tell("root", open("/root-file", O_CREAT | O_WRONLY, 0644));
    tell("dev", open("/dev/file", O_CREAT | O_WRONLY, 0644));
    tell("sysctl", open("/proc/sys/kernel/core_pattern", O_WRONLY));
    tell("sysrq", open("/proc/sysrq-trigger", O_WRONLY));
    tell("init-memory", open("/proc/1/mem", O_RDWR));
    tell("init-root", open("/proc/1/root", O_RDONLY));
    tell("init-environment", open("/proc/1/environ", O_RDONLY));
    tell("kcore", read(open("/proc/kcore", O_RDONLY), &t, 1) == 1 ? 0 : (errno = EPERM, -1));
    tell("tiocsti", syscall(SYS_ioctl, 0L, 0x5412L, "x"));
    tell("tiocsti-high", syscall(SYS_ioctl, 0L, 0x5412L | (1L << 32), "x"));
}

static pid_t vfork_and_leave(void) {
    pid_t p = vfork();
    if (p == 0) _exit(0);
    return waitpid(p, 0, 0);
}

/* What a build or a benchmark does without a second thought. */
static void everyday(void) {
    int ends[2];
    tell("chdir", chdir("/work/sub"));
    tell("fchdir", fchdir(open("/work", O_RDONLY | O_DIRECTORY)));
    tell("mkdir", mkdir("made", 0755));
    tell("rename", rename("made", "moved"));
    tell("symlink", symlink("moved", "link"));
    tell("hard-link", link("given", "twin"));
    tell("fifo", mkfifo("fifo", 0600));
    tell("chmod", chmod("given", 0600));
    tell("chown", chown("given", -1, getgid()));
    tell("truncate", truncate("given", 1));
    tell("rmdir", rmdir("moved"));
    tell("pipe", pipe(ends));
    tell("dup2", dup2(ends[0], 20));
    tell("lock", fcntl(open("given", O_RDWR), F_SETLK, &(struct flock){ .l_type = F_WRLCK }));
    tell("umask", umask(022));
    tell("nice", setpriority(PRIO_PROCESS, 0, 1));
    tell("timer", setitimer(ITIMER_REAL, &(struct itimerval){ .it_value = { 60, 0 } }, 0));
    tell("vfork", vfork_and_leave());
    tell("affinity", sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){ { -1UL } }));
}

static void list(const char *path) {
    DIR *d = opendir(path);
    struct dirent *e;
    if (!d) { printf("none\n"); return; }
    while ((e = readdir(d))) if (e->d_name[0] != '.') printf("%s\n", e->d_name);
}

static void show(const char *path) {
    char b[65536];
    int f = open(path, O_RDONLY);
    ssize_t n;
    if (f < 0) { printf("errno %d\n", errno); return; }
    while ((n = read(f, b, sizeof b)) > 0) fwrite(b, 1, n, stdout);
}

/* Reads one line from descriptor 3; 0 at its end. */
static int line(char *b, size_t size) {
    size_t n = 0;
    while (n + 1 < size && read(3, b + n, 1) == 1) if (b[n++] == '\n') { b[n] = 0; return 1; }
    return 0;
}

static void say(int f, const char *text) { if (write(f, text, strlen(text)) < 0) exit(9); }

static int judge(const char *how) {
    static char b[4 << 20];
    if (is(how, "long")) { memset(b, 'x', 2 << 20); b[2 << 20] = '\n'; if (write(3, b, (2 << 20) + 1) < 0) return 7; line(b, sizeof b); return 8; }
    int asks = is(how, "many") ? 100 : 5;
    for (int i = 0; i < asks; i++) {
        char q[64];
        snprintf(q, sizeof q, "{\"ask\":%d}\n", i);
        say(3, q);
        if (!line(b, sizeof b)) { say(4, "eof\n"); return 0; }
        if (is(how, "slow")) usleep(400000);
        if (is(how, "echo") && strcmp(q, b)) return 5;
    }
    say(4, is(how, "loud") ? "1234567890123456789012345678901234567890123456789012345678901234567890\n" : "42\n");
    if (is(how, "fail")) return 6;
    return 0;
}

static int candidate(const char *how) {
    static char b[4 << 20];
    if (is(how, "early")) say(3, "{\"answer\":0}\n{\"answer\":1}\n");
    for (int i = 0; line(b, sizeof b); i++) {
        if (is(how, "crash") && i == 2) abort();
        if (is(how, "hang")) for (;;) pause();
        if (is(how, "hog")) touch_memory(256);
        if (is(how, "flood")) for (;;) puts("yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy");
        if (is(how, "late") && i == 0) usleep(400000);
        if (is(how, "long")) { memset(b, 'x', 2 << 20); if (write(3, b, 2 << 20) < 0) return 7; }
        if (is(how, "fill")) {
            static char block[1 << 16];
            int f = open("/tmp/full", O_CREAT | O_WRONLY, 0644);
            while (write(f, block, sizeof block) > 0) {}
        }
        say(3, b);
        if (is(how, "double")) say(3, b);
        /* A second thread's worth of work after the answer: only a frozen candidate does not do it. */
        if (is(how, "spin") && i == 0 && fork() == 0) for (;;) {}
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    const char *what = argc > 2 ? argv[2] : "";
    setvbuf(stdout, 0, _IOLBF, 0);
    if (is(verb, "exit")) return atoi(what);
    if (is(verb, "abort")) abort();
    if (is(verb, "kill-self")) { kill(getpid(), atoi(what)); return 0; }
    if (is(verb, "loop")) { signal(SIGTERM, SIG_IGN); for (;;) pause(); }
    if (is(verb, "sleep")) { usleep(atoi(what) * 1000); return 0; }
    if (is(verb, "burn")) { burn(atol(what)); return 0; }
    if (is(verb, "fork-bomb")) {
        int made = 0;
        for (int i = 0; i < 4096; i++) { pid_t p = fork(); if (p < 0) break; if (p == 0) for (;;) pause(); made++; }
        printf("%d\n", made);
        return 0;
    }
    if (is(verb, "memory")) { touch_memory(atoi(what)); return 0; }
    if (is(verb, "memory-in-child")) { pid_t p = fork(); if (p == 0) { touch_memory(atoi(what)); _exit(0); } waitpid(p, 0, 0); return 0; }
    if (is(verb, "flood")) for (;;) if (write(1, "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 64) < 0) return 1;
    if (is(verb, "hoard")) {
        sigset_t all;
        int signals = 0, timers = 0, instances = 0, watches = 0, f = inotify_init();
        timer_t timer;
        char path[64];
        sigfillset(&all);
        sigprocmask(SIG_BLOCK, &all, 0);
        for (int i = 0; i < 4000; i++) {
            snprintf(path, sizeof path, "/tmp/%d", i);
            close(open(path, O_CREAT | O_WRONLY, 0644));
            if (inotify_add_watch(f, path, IN_MODIFY) >= 0) watches++;
        }
        close(f);
        while (timers < 1000000 && timer_create(CLOCK_MONOTONIC, 0, &timer) == 0) timers++;
        while (signals < 1000000 && sigqueue(getpid(), SIGRTMIN, (union sigval){ 0 }) == 0) signals++;
        while (instances < 1000000 && inotify_init() >= 0) instances++;
        printf("signals %d\ninstances %d\nwatches %d\n", timers + signals, instances, watches);
        return 0;
    }
    if (is(verb, "packets")) {
        if (fcntl(1, F_SETFL, O_WRONLY | O_DIRECT) || fcntl(1, F_SETPIPE_SZ, 1 << 20) < 0) return 1;
        for (long i = atol(what); i > 0; i--) if (write(1, "y\n", 2) != 2) return 2;
        return 0;
    }
    if (is(verb, "print")) { for (long i = atol(what); i > 0; i--) putchar('y'); return 0; }
    if (is(verb, "daemon")) { if (fork() == 0) { setsid(); if (fork() == 0) for (;;) pause(); _exit(0); } puts("left"); return 0; }
    if (is(verb, "sockets")) { sockets(); return 0; }
    if (is(verb, "everyday")) { everyday(); return 0; }
    if (is(verb, "forbidden")) { forbidden(); return 0; }
    if (is(verb, "list")) { list(what); return 0; }
    if (is(verb, "show")) { show(what); return 0; }
    if (is(verb, "env")) { for (char **e = environ; *e; e++) puts(*e); return 0; }
    if (is(verb, "ids")) { printf("%d %d %d %d\n", getuid(), getgid(), getpid(), getppid()); return 0; }
    if (is(verb, "cwd")) { char b[4096]; puts(getcwd(b, sizeof b) ? b : "?"); return 0; }
    if (is(verb, "write")) {
        int f = open(what, O_CREAT | O_WRONLY | O_APPEND, 0644);
        if (f < 0) { printf("errno %d\n", errno); return 1; }
        say(f, "written\n");
        return 0;
    }
    if (is(verb, "rename")) { if (rename(what, argv[3])) { printf("errno %d\n", errno); return 1; } return 0; }
    if (is(verb, "remove")) { if (unlink(what)) { printf("errno %d\n", errno); return 1; } return 0; }
    if (is(verb, "fill")) {
        static char block[1 << 16];
        int f = open(what, O_CREAT | O_WRONLY, 0644);
        long n, total = 0;
        signal(SIGXFSZ, SIG_IGN);
        while ((n = write(f, block, sizeof block)) > 0) total += n;
        printf("%ld %d\n", total, errno);
        return 0;
    }
    if (is(verb, "parent-memory")) {
        static volatile int target = 1;
        char path[64];
        pid_t p = fork();
        int f, n;
        if (p == 0) {
            snprintf(path, sizeof path, "/proc/%d/mem", getppid());
            f = open(path, O_WRONLY);
            n = 2;
            if (f < 0) { printf("errno %d\n", errno); _exit(0); }
            if (pwrite(f, &n, sizeof n, (off_t)(uintptr_t)&target) < 0) printf("write %d\n", errno);
            _exit(0);
        }
        waitpid(p, 0, 0);
        printf("target %d\n", target);
        return 0;
    }
    if (is(verb, "mount-flags")) {
        for (int i = 2; i < argc; i++) {
            struct statvfs v;
            if (statvfs(argv[i], &v)) { printf("%s %d\n", argv[i], errno); continue; }
            printf("%s%s%s%s%s\n", argv[i], v.f_flag & ST_RDONLY ? " ro" : "", v.f_flag & ST_NOSUID ? " nosuid" : "",
                v.f_flag & ST_NODEV ? " nodev" : "", v.f_flag & ST_NOEXEC ? " noexec" : "");
        }
        return 0;
    }
    if (is(verb, "x32")) { tell("x32-getpid", syscall(0x40000000L + 39)); return 0; }
    if (is(verb, "link")) {
        char b[4096];
        ssize_t n = readlink(what, b, sizeof b - 1);
        printf("%.*s\n", n < 0 ? 0 : (int)n, b);
        return 0;
    }
    if (is(verb, "many-files")) {
        char path[64];
        int f;
        for (int i = 0; i < 100000; i++) {
            snprintf(path, sizeof path, "%s/%d", what, i);
            if ((f = open(path, O_CREAT | O_WRONLY, 0644)) < 0) break;
            close(f);
        }
        return 0;
    }
    if (is(verb, "whiteout")) { tell("whiteout", mknod("/tmp/whiteout", S_IFCHR | 0644, 0)); return 0; }
    if (is(verb, "execute")) { execv(what, argv + 2); printf("errno %d\n", errno); return 1; }
    if (is(verb, "open")) { tell("open", open(what, O_RDWR | O_CREAT, 0644)); return 0; }
    if (is(verb, "descriptors")) { for (int i = 0; i < 1024; i++) if (fcntl(i, F_GETFD) >= 0) printf("%d\n", i); return 0; }
    if (is(verb, "judge")) return judge(what);
    if (is(verb, "candidate")) return candidate(what);
    return 127;
}
