/* The built-in module `_gcreplay`: what a recorded program calls to mark requests and phases.
 *
 *   request_begin() -> int     0 if this process is not recorded (any more)
 *   request_end(number)
 *   phase(name) -> str         the phase before it; "main" if there was none
 *   recording() -> bool
 *
 * Nothing here makes a container, so marks do not move the collector's trigger. `marks_recorder` is
 * written before main starts; the module's functions are handed nothing that leads to it. */
#include <stdio.h>
#include <string.h>

#include "workloads/cpython/hooks.h"

static struct recorder *marks_recorder;

static const char marks_first_phase[] = "main", marks_other_phases[] = "(other phases)";

/* True: events may be written; hooks_leave must follow. */
static bool marks_enter(struct recorder *recorder)
{
    if (!recorder->on || !hooks_enter(recorder))
        return false;
    hooks_sync_count(recorder);
    return true;
}

/* ---- requests ---- */

static PyObject *marks_request_begin(PyObject *module, PyObject *ignored)
{
    struct recorder *recorder = marks_recorder;
    uint32_t number = 0;
    (void)module, (void)ignored;
    if (marks_enter(recorder)) {
        do
            number = atomic_fetch_add(&recorder->segment->requests, 1) + 1;
        while (number == 0);
        marks_write(recorder, (struct gcr_event){
                                  .op = GCR_OP_REQUEST, .a = number, .flags = GCR_REQUEST_BEGIN});
        hooks_leave(recorder);
    }
    return PyLong_FromUnsignedLong(number);
}

static PyObject *marks_request_end(PyObject *module, PyObject *argument)
{
    struct recorder *recorder = marks_recorder;
    const unsigned long number = PyLong_AsUnsignedLong(argument);
    (void)module;
    if (number == (unsigned long)-1 && PyErr_Occurred() != NULL)
        return NULL;
    if (number == 0 || number > UINT32_MAX ||
        number > atomic_load(&recorder->segment->requests)) /* none that begin() gave */
        Py_RETURN_NONE;
    if (marks_enter(recorder)) {
        marks_write(recorder, (struct gcr_event){.op = GCR_OP_REQUEST,
                                                 .a = (uint32_t)number,
                                                 .flags = GCR_REQUEST_END});
        hooks_leave(recorder);
    }
    Py_RETURN_NONE;
}

/* ---- phases ---- */

/* A phase's name as the trace can hold it: no control characters, whole characters of UTF-8. */
static void marks_copy_name(char *to, const char *from, size_t bytes)
{
    if (bytes >= GCR_SEGMENT_NAME_BYTES) {
        bytes = GCR_SEGMENT_NAME_BYTES - 1;
        while (bytes > 0 && ((unsigned char)from[bytes] & 0xc0) == 0x80)
            bytes--;
    }
    for (size_t i = 0; i < bytes; i++)
        if ((unsigned char)from[i] < 32 || from[i] == 127)
            to[i] = '?';
        else
            to[i] = from[i];
    if (bytes == 0)
        to[bytes++] = '?';
    to[bytes] = '\0';
}

/* The number of a name, given if it has none. The last number is for all that find no room.
 * O(names). */
static uint32_t marks_number_name(struct gcr_segment *segment, const char *name)
{
    segment_lock(segment);
    uint32_t count = atomic_load(&segment->name_count), number = 0;
    for (uint32_t i = 1; i <= count && number == 0; i++)
        if (strcmp(segment->names[i], name) == 0)
            number = i;
    if (number == 0 && count + 1 < GCR_SEGMENT_NAMES) {
        number = count + 1;
        snprintf(segment->names[number], GCR_SEGMENT_NAME_BYTES, "%s",
                 number + 1 < GCR_SEGMENT_NAMES ? name : marks_other_phases);
        atomic_store(&segment->name_count, number);
    } else if (number == 0) {
        number = count;
    }
    segment_unlock(segment);
    return number;
}

void marks_begin(struct recorder *recorder, const char *name)
{
    const uint32_t number = marks_number_name(recorder->segment, name);
    marks_write(recorder, (struct gcr_event){.op = GCR_OP_PHASE, .a = number});
    if (recorder->marks.phase != 0)
        marks_write(recorder, (struct gcr_event){.op = GCR_OP_PHASE, .a = recorder->marks.phase});
}

static PyObject *marks_phase(PyObject *module, PyObject *argument)
{
    struct recorder *recorder = marks_recorder;
    const char *before = marks_first_phase;
    char name[GCR_SEGMENT_NAME_BYTES];
    Py_ssize_t bytes;
    const char *text = PyUnicode_AsUTF8AndSize(argument, &bytes);
    (void)module;
    if (text == NULL)
        return NULL;
    marks_copy_name(name, text, (size_t)bytes);
    if (recorder->marks.phase != 0)
        before = recorder->segment->names[recorder->marks.phase];
    if (marks_enter(recorder)) {
        const uint32_t number = marks_number_name(recorder->segment, name);
        recorder->marks.phase = number;
        marks_write(recorder, (struct gcr_event){.op = GCR_OP_PHASE, .a = number});
        hooks_leave(recorder);
    }
    return PyUnicode_FromStringAndSize(before, (Py_ssize_t)strlen(before));
}

static PyObject *marks_recording(PyObject *module, PyObject *ignored)
{
    (void)module, (void)ignored;
    return PyBool_FromLong(marks_recorder->on && !marks_recorder->window.waiting);
}

/* ---- the module ---- */

static PyMethodDef marks_methods[] = {
    {"request_begin", marks_request_begin, METH_NOARGS, NULL},
    {"request_end", marks_request_end, METH_O, NULL},
    {"phase", marks_phase, METH_O, NULL},
    {"recording", marks_recording, METH_NOARGS, NULL},
    {0},
};

static struct PyModuleDef marks_definition = {
    .m_base = PyModuleDef_HEAD_INIT, .m_name = "_gcreplay", .m_methods = marks_methods};

static PyObject *marks_init(void)
{
    return PyModuleDef_Init(&marks_definition);
}

void marks_add_module(struct recorder *recorder)
{
    marks_recorder = recorder;
    PyImport_AppendInittab("_gcreplay", marks_init); /* no memory: programs find no marks */
}
