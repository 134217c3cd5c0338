/* Deliberate damage for the tests of the verifier: a test build compiles a collector with
 * GCR_SABOTAGE set, and `run --verify` must name what it broke. In every other build the value is
 * GCR_SABOTAGE_NONE, a constant, and the branches vanish. */
#ifndef GCR_BASE_SABOTAGE_H
#define GCR_BASE_SABOTAGE_H

#define GCR_SABOTAGE_NONE 0
#define GCR_SABOTAGE_DROP_ROOT 1  /* a collection overlooks one root */
#define GCR_SABOTAGE_SKIP_SLOT 2  /* scanning overlooks the last slot of one object */
#define GCR_SABOTAGE_EARLY_FREE 3 /* one object that is still referred to is freed */

#ifndef GCR_SABOTAGE
#define GCR_SABOTAGE GCR_SABOTAGE_NONE
#endif

#endif
