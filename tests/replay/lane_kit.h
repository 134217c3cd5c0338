/* What tests of forked lanes share: a board that all processes see, and looks at processes. */
#ifndef GCR_TESTS_REPLAY_LANE_KIT_H
#define GCR_TESTS_REPLAY_LANE_KIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/replay/script.h"

/* What all processes of a test can see. */
struct lane_board {
    uint32_t ended; /* lanes that have reached EXIT, in order */
    uint32_t lane[SCRIPT_LANES];
    pid_t pid[SCRIPT_LANES];
    uint32_t alive_at_end; /* processes that still lived when the last lane ended */
    volatile int reached;  /* a lane that waits has got where it waits */
};
extern struct lane_board *lane_board; /* between lane_set_up and lane_tear_down */

int lane_set_up(void **unused); /* an empty board, a fresh probe */
int lane_tear_down(void **unused);

#define LANE_TEST(function) cmocka_unit_test_setup_teardown(function, lane_set_up, lane_tear_down)

bool lane_process_lives(pid_t pid); /* a zombie does not */
void assert_no_children_left(void);
void lane_sleep_ms(long ms);

#endif
