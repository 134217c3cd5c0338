/* The server of the generator request-server: its requests, which are the same for the sum that
 * finds the peak beforehand and for the run that writes events, and the run itself. */
#ifndef GCR_WORKLOADS_REQUEST_SERVER_H
#define GCR_WORKLOADS_REQUEST_SERVER_H

#include "traces/emit.h"
#include "workloads/population.h"

enum {
    SERVER_TURNS = 4, /* of a request */
    SESSION_BYTES = 2 * GCR_SLOT_BYTES + 32,
    NODE_BYTES = 2 * GCR_SLOT_BYTES + 24,
    CATALOGUE_DATA = 48 /* of an item */
};

/* All of it, or what one of its workers has to do. */
struct server {
    uint64_t requests, threads, sessions, turnover, objects, min, rate, seed;
    uint64_t catalogue, lookups, writes; /* items, of a request, of 2^32 lookups */
    uint32_t processes;                  /* that serve; 1: nothing is forked */
    uint32_t worker;                     /* 0 .. processes - 1 */
};

/* What the worker serves: requests worker, worker + processes, worker + 2 x processes ... of all.
 */
struct server server_worker(const struct server *server, uint32_t worker);
/* The number among all requests of a worker's i-th. */
uint64_t server_number(const struct server *server, uint64_t i);
/* What the parent builds; only with more than one process. */
struct population server_catalogue(const struct server *server);

/* A request, or for sessions of the beginning one that never came. */
struct server_request {
    uint64_t key;
    uint32_t slot;
    bool opens;
    uint32_t nodes;
};

/* A worker's i-th. */
struct server_request server_request(const struct server *server, uint64_t i);

/* Size of the i-th buffer of a request: below 2^23 of them. */
uint32_t server_size(const struct server *server, uint64_t key, uint32_t i);
/* Buffers of a request: its nodes', then the state of a session that it opens, then the reply. */
static inline uint32_t server_state_size(const struct server *server,
                                         const struct server_request *request)
{
    return server_size(server, request->key, request->nodes);
}
static inline uint32_t server_reply_size(const struct server *server,
                                         const struct server_request *request)
{
    return server_size(server, request->key, request->nodes + 1);
}
/* The state of the session that a slot has at the beginning. */
uint32_t server_first_size(const struct server *server, uint64_t slot);
uint32_t server_most_nodes(const struct server *server);

/* The i-th item that a request looks up, and whether it writes to it. */
struct server_lookup {
    uint32_t item;
    bool writes;
};
struct server_lookup server_lookup(const struct server *server,
                                   const struct server_request *request, uint32_t i);

/* The n-th turn of all: threads one after the other, each with its own requests. */
struct server_turn {
    uint64_t request, thread; /* the worker's request */
    uint32_t part;            /* 0 .. SERVER_TURNS - 1 */
};

struct server_turn server_turn(const struct server *server, uint64_t n);
uint64_t server_turns(const struct server *server);

/* Of n things that a request does turn by turn, those done by the beginning of a part. */
static inline uint32_t server_done_by(uint64_t n, uint32_t part)
{
    return (uint32_t)(n * part / SERVER_TURNS);
}

/* Writes all events of all processes. */
gcr_status server_run(const struct server *server, const struct emit_target *generation,
                      struct gcr_error *err) GCR_MUST_USE;

#endif
