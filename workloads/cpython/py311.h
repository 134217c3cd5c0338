/* Everything that depends on the insides of CPython 3.11: no other file reads its structures.
 *
 * All symbols of the interpreter are weak: the library is preloaded into every process that the
 * recorded command starts, and most of them are not Python. py_is_present() must be asked first. */
#ifndef GCR_WORKLOADS_CPYTHON_PY311_H
#define GCR_WORKLOADS_CPYTHON_PY311_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define Py_BUILD_CORE_MODULE 1
#include <Python.h>
#include <internal/pycore_dict.h>
#include <internal/pycore_gc.h>
#include <internal/pycore_interp.h>
#include <internal/pycore_object.h>
#include <internal/pycore_pystate.h>
#include <internal/pycore_runtime.h>
#include <internal/pycore_tuple.h>

#include "base/compiler.h"

#pragma weak _PyRuntime
#pragma weak Py_Version
#pragma weak Py_GetVersion
#pragma weak PyImport_Inittab
#pragma weak PyMem_GetAllocator
#pragma weak PyMem_SetAllocator
#pragma weak PyType_IsSubtype
#pragma weak PyLong_AsLong
#pragma weak PyLong_AsUnsignedLong
#pragma weak PyLong_FromUnsignedLong
#pragma weak PyBool_FromLong
#pragma weak PyErr_Clear
#pragma weak PyErr_Occurred
#pragma weak PyUnicode_AsUTF8AndSize
#pragma weak PyUnicode_FromStringAndSize
#pragma weak PyModuleDef_Init
#pragma weak PyImport_AppendInittab
#pragma weak _Py_NoneStruct
#pragma weak PyModuleDef_Type
#pragma weak PyTuple_Type
#pragma weak PyList_Type
#pragma weak PyDict_Type
#pragma weak PyFloat_Type
#pragma weak PyUnicode_Type
#pragma weak PyType_Type
#pragma weak PyBaseObject_Type
#pragma weak PyFunction_Type
#pragma weak PyCell_Type
#pragma weak PyMethod_Type
#pragma weak PyCFunction_Type
#pragma weak PyCMethod_Type
#pragma weak PyProperty_Type
#pragma weak PyStaticMethod_Type
#pragma weak PyClassMethod_Type
#pragma weak PyInstanceMethod_Type
#pragma weak PySlice_Type
#pragma weak PyContext_Type
#pragma weak _PyAsyncGenASend_Type
#pragma weak _PyAsyncGenWrappedValue_Type
#pragma weak PyTraceBack_Type
#pragma weak PySuper_Type
#pragma weak PyWrapperDescr_Type
#pragma weak PyMethodDescr_Type
#pragma weak PyClassMethodDescr_Type
#pragma weak PyGetSetDescr_Type
#pragma weak PyMemberDescr_Type
#pragma weak PyListIter_Type
#pragma weak PyTupleIter_Type
#pragma weak PySeqIter_Type
#pragma weak PyCallIter_Type
#pragma weak PyDictIterKey_Type
#pragma weak PyDictIterValue_Type
#pragma weak PyDictIterItem_Type
#pragma weak PyDictKeys_Type
#pragma weak PyDictValues_Type
#pragma weak PyDictItems_Type
#pragma weak PySetIter_Type
#pragma weak PyEnum_Type
#pragma weak PyReversed_Type
#pragma weak PyZip_Type
#pragma weak PyMap_Type
#pragma weak PyFilter_Type
#pragma weak _PyWeakref_RefType
#pragma weak _PyWeakref_ProxyType
#pragma weak _PyWeakref_CallableProxyType

/* ---- presence ---- */

enum py_presence { PY_ABSENT, PY_OTHER_VERSION, PY_311 };
enum py_presence py_presence(void);

/* Functions of the `gc` module, and os._exit. */
struct py_functions {
    PyObject *(*collect)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
    PyObject *(*freeze)(PyObject *, PyObject *);
    PyObject *(*unfreeze)(PyObject *, PyObject *);
    PyObject *(*exit)(PyObject *, PyObject *const *, Py_ssize_t, PyObject *);
};
/* Replaces them before their modules are first imported; NULL leaves a function as it is. The old
 * ones go to *old, which stays where it is, at that time. */
void py_wrap_modules(const struct py_functions *replacements, struct py_functions *old);
/* The generation that gc.collect(...) was asked for; 2 if it was not, or wrongly. */
int py_collect_argument(PyObject *const *args, Py_ssize_t nargs, PyObject *keywords);

/* ---- the collector's state ---- */

typedef struct _gc_runtime_state py_gc;

static inline PyInterpreterState *py_interpreter(void)
{
    return &_PyRuntime._main_interpreter;
}
static inline py_gc *py_gc_state(void)
{
    return &_PyRuntime._main_interpreter.gc;
}
static inline bool py_is_finalizing(void)
{
    return _PyRuntimeState_GetFinalizing(&_PyRuntime) != NULL;
}
/* Has the program another interpreter than the main one? The newest leads the list. */
static inline bool py_has_subinterpreter(void)
{
    return _PyRuntime.interpreters.head != &_PyRuntime._main_interpreter &&
           _PyRuntime.interpreters.head != NULL;
}
static inline bool py_exception_pending(void)
{
    PyThreadState *thread = _PyRuntimeState_GetThreadState(&_PyRuntime);
    return thread != NULL && thread->curexc_type != NULL;
}
/* Number of the thread that holds the GIL, from 1; 0: none. Never reused. */
static inline uint64_t py_thread_number(void)
{
    PyThreadState *thread = _PyRuntimeState_GetThreadState(&_PyRuntime);
    return thread == NULL ? 0 : thread->id;
}

/* Would one more container allocation start a collection? Its generation, or -1. */
int py_predict_trigger(const py_gc *gc);

/* The list of a generation: walk with py_list_next from py_list_first until NULL. */
static inline PyGC_Head *py_list_head(py_gc *gc, int generation)
{
    return generation == 3 ? &gc->permanent_generation.head : &gc->generations[generation].head;
}
static inline PyObject *py_list_next(PyGC_Head *list, PyObject *object)
{
    PyGC_Head *at = object == NULL ? list : (PyGC_Head *)object - 1;
    PyGC_Head *next = (PyGC_Head *)at->_gc_next;
    return next == list ? NULL : (PyObject *)(next + 1);
}
/* Has the finalizer of an object with a GC head run? True until the block is used again. */
static inline bool py_is_finalized(const PyObject *object)
{
    return (((const PyGC_Head *)object - 1)->_gc_prev & _PyGC_PREV_MASK_FINALIZED) != 0;
}
static inline bool py_is_tracked(const PyObject *object)
{
    return ((const PyGC_Head *)object - 1)->_gc_next != 0;
}

/* ---- objects ---- */

static inline PyObject *py_object_at(uint64_t address)
{
    return (PyObject *)(uintptr_t)address;
}
/* Bytes of an object's block that precede the object. */
static inline uint32_t py_prefix(const PyTypeObject *type)
{
    return (uint32_t)_PyType_PreHeaderSize((PyTypeObject *)(uintptr_t)type);
}
static inline bool py_type_is_type(const PyTypeObject *type)
{
    return (type->tp_flags & Py_TPFLAGS_TYPE_SUBCLASS) != 0;
}

/* How the references of an exact list, dict or tuple are found without its tp_traverse. */
struct py_array {
    PyObject *const *items; /* NULL: none */
    Py_ssize_t count;       /* to look at */
    Py_ssize_t capacity;    /* item slots there are; < 0: unknown at the moment */
    uint64_t body_block;    /* address of the block that holds them; 0: none of its own */
};
struct py_array py_tuple_items(PyObject *tuple);
struct py_array py_list_items(PyObject *list);

/* A dict's entries are (key, value) pairs `stride` words apart; keys == NULL: values alone. */
struct py_dict_table {
    PyObject *const *keys, *const *values;
    Py_ssize_t stride, count, capacity;
    uint64_t body_block;
};
struct py_dict_table py_dict_table(PyObject *dict);
/* A number that changes with every change of the dict's references (PEP 509), its low 32 bits; 0:
 * not known. Of a dict whose keys are its own: shared keys grow without it. */
static inline uint32_t py_dict_version(PyObject *dict)
{
    const PyDictObject *object = (const PyDictObject *)dict;
    return object->ma_values == NULL ? (uint32_t)object->ma_version_tag : 0;
}
/* Whether this is the table of interned strings (unicodeobject.c keeps it to itself): it leads many
 * interned strings to themselves. */
bool py_is_intern_table(const struct py_dict_table *table);

/* Whether the program can get at a live object without any counted reference to it: an interned
 * string, an object with weak references, or one whose finalizer may save it and what it refers to.
 */
static inline bool py_is_found_uncounted(PyObject *object)
{
    const PyTypeObject *type = Py_TYPE(object);
    if (type == &PyUnicode_Type)
        return PyUnicode_CHECK_INTERNED(object) != 0;
    if (type->tp_finalize != NULL || type->tp_del != NULL)
        return true;
    return type->tp_weaklistoffset > 0 &&
           *(PyObject **)((uintptr_t)object + (size_t)type->tp_weaklistoffset) != NULL;
}
/* The block of an instance's inline values, 0 if it has none. The type has Py_TPFLAGS_MANAGED_DICT.
 */
uint64_t py_values_block(PyObject *object);

/* ---- types ---- */

/* True for C types known to hold all their references in the object itself. */
bool py_type_keeps_inside(const PyTypeObject *type);
/* The nearest C base: what lays out the object below its Python classes. */
const PyTypeObject *py_c_base(const PyTypeObject *type);
bool py_type_is_weakref(const PyTypeObject *type);
/* Pointer into the interpreter's own data: static objects live there. */
bool py_is_static(const void *pointer);
/* Called once, before py_is_static. */
void py_find_static_range(void);

/* ---- free lists ---- */

enum { PY_TUPLE_LISTS = PyTuple_NFREELISTS, PY_FREE_LISTS = PyTuple_NFREELISTS + 2 };

/* Head and length of free list `list`: tuples of 1 .. 20 items, then lists, then dicts. */
static inline int py_free_list_length(const PyInterpreterState *interpreter, unsigned list)
{
    if (list < PY_TUPLE_LISTS)
        return interpreter->tuple.numfree[list];
    return list == PY_TUPLE_LISTS ? interpreter->list.numfree : interpreter->dict_state.numfree;
}
static inline PyObject *py_free_list_head(const PyInterpreterState *interpreter, unsigned list)
{
    if (list < PY_TUPLE_LISTS)
        return (PyObject *)interpreter->tuple.free_list[list];
    if (list == PY_TUPLE_LISTS) {
        int n = interpreter->list.numfree;
        return n == 0 ? NULL : (PyObject *)interpreter->list.free_list[n - 1];
    }
    int n = interpreter->dict_state.numfree;
    return n == 0 ? NULL : (PyObject *)interpreter->dict_state.free_list[n - 1];
}
/* The i-th from the bottom (arrays) or the next below `object` (tuples). */
static inline PyObject *py_free_list_below(const PyInterpreterState *interpreter, unsigned list,
                                           PyObject *object, int index)
{
    if (list < PY_TUPLE_LISTS)
        return ((PyTupleObject *)object)->ob_item[0];
    if (list == PY_TUPLE_LISTS)
        return (PyObject *)interpreter->list.free_list[index];
    return (PyObject *)interpreter->dict_state.free_list[index];
}
PyTypeObject *py_free_list_type(unsigned list);
/* Whether dead containers of the type may go to a free list, one of these or another. */
static inline bool py_type_has_free_list(const PyTypeObject *type)
{
    return type == &PyTuple_Type || type == &PyList_Type || type == &PyDict_Type ||
           type == &PySlice_Type || type == &PyContext_Type || type == &_PyAsyncGenASend_Type ||
           type == &_PyAsyncGenWrappedValue_Type;
}

/* Length and head of every free list, side by side as the interpreter has those of tuples, so that
 * one comparison tells that nothing happened: it is made at every hook call. */
struct py_free_list_tops {
    PyObject *head[PY_FREE_LISTS];
    int length[PY_FREE_LISTS];
};

static inline bool py_free_lists_are_at(const PyInterpreterState *interpreter,
                                        const struct py_free_list_tops *tops)
{
    const struct _Py_tuple_state *tuples = &interpreter->tuple;
    _Static_assert(GCR_COUNT_OF(tuples->free_list) == PY_TUPLE_LISTS &&
                       GCR_COUNT_OF(tuples->numfree) == PY_TUPLE_LISTS,
                   "the tuple lists come first");
    uintptr_t differs = 0; /* without a branch for each list: a few vector operations */
    for (unsigned i = 0; i < PY_TUPLE_LISTS; i++)
        differs |= (uintptr_t)tuples->free_list[i] ^ (uintptr_t)tops->head[i];
    for (unsigned i = 0; i < PY_TUPLE_LISTS; i++)
        differs |= (unsigned)(tuples->numfree[i] ^ tops->length[i]);
    return differs == 0 &&
           py_free_list_length(interpreter, PY_TUPLE_LISTS) == tops->length[PY_TUPLE_LISTS] &&
           py_free_list_length(interpreter, PY_TUPLE_LISTS + 1) ==
               tops->length[PY_TUPLE_LISTS + 1] &&
           (tops->length[PY_TUPLE_LISTS] == 0 ||
            py_free_list_head(interpreter, PY_TUPLE_LISTS) == tops->head[PY_TUPLE_LISTS]) &&
           (tops->length[PY_TUPLE_LISTS + 1] == 0 ||
            py_free_list_head(interpreter, PY_TUPLE_LISTS + 1) == tops->head[PY_TUPLE_LISTS + 1]);
}

/* A bit for each list whose length or head is another one. */
static inline uint32_t py_free_lists_changed(const PyInterpreterState *interpreter,
                                             const struct py_free_list_tops *tops)
{
    const struct _Py_tuple_state *tuples = &interpreter->tuple;
    uint32_t changed = 3u << PY_TUPLE_LISTS; /* lists and dicts: their heads are elsewhere */
    _Static_assert(PY_FREE_LISTS <= 32, "a bit each");
    for (unsigned i = 0; i < PY_TUPLE_LISTS; i++)
        changed |= (uint32_t)((tuples->numfree[i] != tops->length[i]) |
                              ((PyObject *)tuples->free_list[i] != tops->head[i]))
                   << i;
    return changed;
}

#endif
