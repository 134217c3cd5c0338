#include "tests/replay/lane_kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/replay/probe.h"

struct lane_board *lane_board;

int lane_set_up(void **unused)
{
    (void)unused;
    lane_board =
        mmap(NULL, sizeof *lane_board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    probe_reset();
    return lane_board == MAP_FAILED;
}

int lane_tear_down(void **unused)
{
    (void)unused;
    return munmap(lane_board, sizeof *lane_board);
}

/* 'Z' for a zombie, 0 if there is no such process. */
static char process_state(pid_t pid)
{
    char path[64], line[256] = "";
    const char *end;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (file == NULL)
        return 0;
    if (fgets(line, sizeof line, file) == NULL)
        line[0] = '\0';
    fclose(file);
    end = strrchr(line, ')');
    return (char)(end != NULL && end[1] == ' ' ? end[2] : 0);
}

bool lane_process_lives(pid_t pid)
{
    char state = process_state(pid);

    return state != 0 && state != 'Z' && state != 'X';
}

void assert_no_children_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

void lane_sleep_ms(long ms)
{
    const struct timespec time = {.tv_nsec = ms * 1000000};

    nanosleep(&time, NULL);
}
