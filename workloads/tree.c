/* tree: complete binary trees, one long-lived, many short-lived.
 *
 * Source: this project (complete trees as in GCBench, without its stack). The long-lived tree is
 * built first and walked at the end; meanwhile short-lived trees are built and dropped one by one.
 * Nodes are allocated level by level or in depth-first order, so that a collector that copies in
 * one order meets a walk (always depth-first) in the same or in the other.
 *
 * Node i has the children 2i + 1 and 2i + 2. Deaths are exact: a tree dies when its root is
 * cleared. Memory: one index for each node of the two trees that live at a time. */
#include "workloads/parts.h"
#include "workloads/registry.h"

#include <stdlib.h>

enum tree_order { TREE_BREADTH_FIRST, TREE_DEPTH_FIRST };

static const struct gcr_option tree_options[] = {
    {"long-depth", GCR_OPT_COUNT, "levels", "17", 0, 28, NULL, "depth of the long-lived tree"},
    {"short-depth", GCR_OPT_COUNT, "levels", "10", 0, 28, NULL, "depth of the short-lived trees"},
    {"trees", GCR_OPT_COUNT, "trees", "1000", 0, 1e9, NULL, "short-lived trees"},
    {"order", GCR_OPT_CHOICE, NULL, "breadth-first", 0, 0, "breadth-first|depth-first",
     "order in which nodes are allocated"},
    {"walks", GCR_OPT_COUNT, "times", "4", 0, 1e6, NULL, "how often the long-lived tree is walked"},
    {"data", GCR_OPT_BYTES, "bytes", "8", 1, 65536, NULL, "plain data in each node"},
    {0}};

struct tree {
    uint64_t long_nodes, short_nodes, trees, walks;
    uint32_t data;
    enum tree_order order;
};

static struct tree tree_parameters(const struct gcr_option_values *options)
{
    return (struct tree){
        .long_nodes = ((uint64_t)2 << gcr_option_number(options, "long-depth")) - 1,
        .short_nodes = ((uint64_t)2 << gcr_option_number(options, "short-depth")) - 1,
        .trees = gcr_option_number(options, "trees"),
        .walks = gcr_option_number(options, "walks"),
        .data = (uint32_t)gcr_option_number(options, "data"),
        .order = (enum tree_order)gcr_option_number(options, "order"),
    };
}

/* ALLOC for each node, STORE for each but the top one, and the scratch root cleared if it was used.
 */
static uint64_t tree_build_events(uint64_t nodes)
{
    return nodes + (nodes - 1) + (nodes > 1);
}

static gcr_status tree_facts(const struct gcr_option_values *options,
                             struct gcr_generator_facts *out, struct gcr_error *err)
{
    (void)err;
    struct tree tree = tree_parameters(options);
    uint64_t live = tree.long_nodes + (tree.trees > 0 ? tree.short_nodes : 0);
    uint64_t walk = 1 + 2 * (tree.long_nodes - 1) + 1; /* READ the top; LOAD and READ; clear */
    *out = (struct gcr_generator_facts){
        .events = tree_build_events(tree.long_nodes) +
                  tree.trees * (tree_build_events(tree.short_nodes) + 1 + tree.short_nodes) +
                  tree.walks * walk + 1,
        .lanes = 1,
        .peak_live_bytes = live * (2 * GCR_SLOT_BYTES + tree.data),
        .peak_live_objects = live,
        .capabilities = {PARTS_CAPABILITIES},
    };
    return GCR_OK;
}

enum { ROOT_LONG, ROOT_SHORT, ROOT_NEW, ROOT_WALK };

struct tree_run {
    struct emit emit;
    uint32_t shape;
    uint32_t *node; /* index of node i */
};

static void tree_add(struct tree_run *run, uint32_t *node, uint64_t i, uint32_t root)
{
    if (i == 0) {
        node[0] = emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(root));
        return;
    }
    node[i] = emit_alloc(&run->emit, run->shape, 0, gcr_root_thread(ROOT_NEW));
    emit_store(&run->emit, node[(i - 1) / 2], (uint32_t)((i - 1) & 1), node[i]);
}

/* The subtree below and with node i; at most 29 levels deep. */
static void tree_add_below(struct tree_run *run, uint32_t *node, uint64_t i, uint64_t nodes,
                           uint32_t root)
{
    if (i >= nodes || emit_failed(&run->emit))
        return;
    tree_add(run, node, i, root);
    tree_add_below(run, node, 2 * i + 1, nodes, root);
    tree_add_below(run, node, 2 * i + 2, nodes, root);
}

static void tree_build(struct tree_run *run, const struct tree *tree, uint32_t *node,
                       uint64_t nodes, uint32_t root)
{
    if (tree->order == TREE_DEPTH_FIRST)
        tree_add_below(run, node, 0, nodes, root);
    else
        for (uint64_t i = 0; i < nodes && !emit_failed(&run->emit); i++)
            tree_add(run, node, i, root);
    if (nodes > 1)
        emit_root(&run->emit, gcr_root_thread(ROOT_NEW), 0);
}

static void tree_walk_below(struct tree_run *run, const struct tree *tree, uint64_t i)
{
    if (i >= tree->long_nodes || emit_failed(&run->emit))
        return;
    if (i > 0)
        emit_load(&run->emit, run->node[(i - 1) / 2], (uint32_t)((i - 1) & 1),
                  gcr_root_thread(ROOT_WALK));
    emit_read(&run->emit, run->node[i], 0, tree->data);
    tree_walk_below(run, tree, 2 * i + 1);
    tree_walk_below(run, tree, 2 * i + 2);
}

static void tree_main(struct tree_run *run, const struct tree *tree)
{
    uint32_t *brief = run->node + tree->long_nodes;
    tree_build(run, tree, run->node, tree->long_nodes, ROOT_LONG);
    for (uint64_t i = 0; i < tree->trees && !emit_failed(&run->emit); i++) {
        tree_build(run, tree, brief, tree->short_nodes, ROOT_SHORT);
        emit_root(&run->emit, gcr_root_thread(ROOT_SHORT), 0);
        emit_deaths(&run->emit, brief, tree->short_nodes);
    }
    for (uint64_t i = 0; i < tree->walks && !emit_failed(&run->emit); i++) {
        tree_walk_below(run, tree, 0);
        emit_root(&run->emit, gcr_root_thread(ROOT_WALK), 0);
    }
    emit_plain(&run->emit, GCR_OP_EXIT, 0);
}

static gcr_status tree_generate(const struct gcr_option_values *options,
                                const struct emit_target *generation, struct gcr_error *err)
{
    struct tree tree = tree_parameters(options);
    struct gcr_shape node = {.field_bytes = 2 * GCR_SLOT_BYTES + tree.data,
                             .slots = 2,
                             .flags = GCR_SHAPE_CONTAINER,
                             .name = "Node"};
    struct tree_run run = {0};
    emit_init(&run.emit, generation, true, err);
    run.shape = emit_shape(&run.emit, &node);
    run.node = emit_indexes(&run.emit, tree.long_nodes + tree.short_nodes);
    if (!emit_failed(&run.emit))
        tree_main(&run, &tree);
    free(run.node);
    return emit_finish(&run.emit);
}

const struct gcr_generator gcr_generator_tree = {
    .name = "tree",
    .summary = "binary trees, one long-lived and many short-lived: nursery, copying order",
    .source = "this project",
    .options = tree_options,
    .facts = tree_facts,
    .generate = tree_generate,
};
