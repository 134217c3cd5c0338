/* What keeps objects of one lane alive although no reference does: FINALIZED events to come, by the
 * plan, and RESURRECT rules. Kept as roots of the shadow graph that no event names
 * (gcr_shadow_hold): one for each object of the plan, by its id, and behind them one for each
 * RESURRECT in force. */
#ifndef GCR_SIM_ORACLE_ANNOTATE_HOLDS_H
#define GCR_SIM_ORACLE_ANNOTATE_HOLDS_H

#include "sim/oracle/annotate_plan.h"
#include "sim/oracle/shadow.h"

/* A RESURRECT in force, or free. */
struct gcr_annotate_rule {
    uint32_t root; /* operand of its root; UINT32_MAX: free */
    uint32_t next; /* free rules: the next one */
};

struct gcr_annotate_holds {
    const struct gcr_annotate_plan *plan;
    uint32_t lane;
    size_t next_birth, next_end; /* in the plan's marks of the lane */
    struct gcr_annotate_rule *rule;
    uint32_t rule_count, rule_room, rules_in_force, free_rule;
    uint32_t *loose; /* objects whose rules gcr_annotate_holds_loosen took away, and their roots */
    uint32_t loose_count, loose_room;
};

/* For the first lane. */
void gcr_annotate_holds_init(struct gcr_annotate_holds *holds,
                             const struct gcr_annotate_plan *plan);
/* For a forked lane, whose shadow graph is a copy of the parent's. False: no memory. */
bool gcr_annotate_holds_clone(const struct gcr_annotate_holds *holds, uint32_t lane,
                              struct gcr_annotate_holds *copy);
void gcr_annotate_holds_finish(struct gcr_annotate_holds *holds);

/* After the shadow graph has carried out event `number`: an object of the plan begins, or ends, to
 * be kept. False: no memory. */
bool gcr_annotate_holds_pass(struct gcr_annotate_holds *holds, struct gcr_shadow *shadow,
                             uint64_t number, const struct gcr_event *event);
/* After a RESURRECT. O(rules). */
bool gcr_annotate_holds_resurrect(struct gcr_annotate_holds *holds, struct gcr_shadow *shadow,
                                  uint32_t node, uint32_t root);
/* Whether the event may end what RESURRECT rules keep: it overwrites their root, or it is a DEATH,
 * which shows that nothing keeps its object. O(rules). */
bool gcr_annotate_holds_ends_rules(const struct gcr_annotate_holds *holds,
                                   const struct gcr_event *event);
/* After that event: the rules' holds are taken away. The caller then finds out what is still
 * reachable, and gives them back to that: what a root still keeps, no finalizer has seen. */
bool gcr_annotate_holds_loosen(struct gcr_annotate_holds *holds, struct gcr_shadow *shadow,
                               const struct gcr_event *event);
/* Between analysis and release. */
bool gcr_annotate_holds_fasten(struct gcr_annotate_holds *holds, struct gcr_shadow *shadow);
/* At a child's start: ends what only other lanes' events name. *ended: whether there was any. */
bool gcr_annotate_holds_inherit(struct gcr_annotate_holds *holds, struct gcr_shadow *shadow,
                                bool *ended);

#endif
