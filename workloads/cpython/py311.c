/* The insides of CPython 3.11: see py311.h. Sources: CPython 3.11's headers and its gcmodule.c,
 * dictobject.c and typeobject.c, read for layouts and rules. */
#include "workloads/cpython/py311.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "base/compiler.h"

enum py_presence py_presence(void)
{
    if (&_PyRuntime == NULL || PyMem_SetAllocator == NULL || PyMem_GetAllocator == NULL)
        return PY_ABSENT;
    /* Py_Version appeared in 3.11. */
    if (&Py_Version == NULL || (Py_Version >> 16) != 0x030b)
        return PY_OTHER_VERSION;
    return PY_311;
}

/* ---- replaced functions ---- */

/* Written before main starts, by the library's constructor; read when the modules are first
 * imported. */
static struct {
    struct py_functions replacements;
    struct py_functions *old;
    PyObject *(*gc_init)(void);
    PyObject *(*posix_init)(void);
} wrapped;

/* The method's function is exchanged once, however often the module is made. `replacement` and
 * `old` point to function pointers. */
static void py_replace(PyMethodDef *method, const char *name, const void *replacement, void *old)
{
    static const void *const nothing = NULL;
    if (strcmp(method->ml_name, name) != 0 || memcmp(old, &nothing, sizeof nothing) != 0 ||
        memcmp(replacement, &nothing, sizeof nothing) == 0)
        return;
    memcpy(old, &method->ml_meth, sizeof method->ml_meth);
    memcpy(&method->ml_meth, replacement, sizeof method->ml_meth);
}

/* First method of a module that is made in phases; NULL: it is not. */
static PyMethodDef *py_methods(PyObject *definition)
{
    if (definition == NULL || Py_TYPE(definition) != &PyModuleDef_Type)
        return NULL;
    return ((PyModuleDef *)definition)->m_methods;
}

static PyObject *py_gc_module_init(void)
{
    PyObject *definition = wrapped.gc_init();
    PyMethodDef *method = py_methods(definition);
    for (; method != NULL && method->ml_name != NULL; method++) {
        py_replace(method, "collect", &wrapped.replacements.collect, &wrapped.old->collect);
        py_replace(method, "freeze", &wrapped.replacements.freeze, &wrapped.old->freeze);
        py_replace(method, "unfreeze", &wrapped.replacements.unfreeze, &wrapped.old->unfreeze);
    }
    return definition;
}

static PyObject *py_posix_module_init(void)
{
    PyObject *definition = wrapped.posix_init();
    PyMethodDef *method = py_methods(definition);
    for (; method != NULL && method->ml_name != NULL; method++)
        py_replace(method, "_exit", &wrapped.replacements.exit, &wrapped.old->exit);
    return definition;
}

void py_wrap_modules(const struct py_functions *replacements, struct py_functions *old)
{
    wrapped.replacements = *replacements;
    wrapped.old = old;
    for (struct _inittab *row = PyImport_Inittab; row->name != NULL; row++) {
        if (strcmp(row->name, "gc") == 0) {
            wrapped.gc_init = row->initfunc;
            row->initfunc = py_gc_module_init;
        } else if (strcmp(row->name, "posix") == 0 && replacements->exit != NULL) {
            wrapped.posix_init = row->initfunc;
            row->initfunc = py_posix_module_init;
        }
    }
}

int py_collect_argument(PyObject *const *args, Py_ssize_t nargs, PyObject *keywords)
{
    Py_ssize_t positional = PyVectorcall_NARGS((size_t)nargs);
    Py_ssize_t named = keywords == NULL ? 0 : Py_SIZE(keywords);
    if (positional + named != 1 || !PyLong_Check(args[0]))
        return 2;
    long generation = PyLong_AsLong(args[0]);
    if (generation == -1)
        PyErr_Clear();
    return generation >= 0 && generation <= 2 ? (int)generation : -1;
}

/* gcmodule.c: gc_alloc's test and gc_collect_generations' choice. */
int py_predict_trigger(const py_gc *gc)
{
    const struct gc_generation *g = gc->generations;
    if (g[0].count + 1 <= g[0].threshold || !gc->enabled || g[0].threshold == 0 || gc->collecting)
        return -1;
    for (int i = NUM_GENERATIONS - 1; i >= 0; i--) {
        if (g[i].count + (i == 0) <= g[i].threshold)
            continue;
        if (i == NUM_GENERATIONS - 1 && gc->long_lived_pending < gc->long_lived_total / 4)
            continue;
        return i;
    }
    return -1;
}

/* ---- objects ---- */

struct py_array py_tuple_items(PyObject *tuple)
{
    PyTupleObject *object = (PyTupleObject *)tuple;
    return (struct py_array){object->ob_item, Py_SIZE(tuple), Py_SIZE(tuple), 0};
}

struct py_array py_list_items(PyObject *list)
{
    PyListObject *object = (PyListObject *)list;
    /* list.sort sets allocated to -1 and takes the items away meanwhile. */
    return (struct py_array){object->ob_item, Py_SIZE(list), object->allocated,
                             (uint64_t)(uintptr_t)object->ob_item};
}

struct py_dict_table py_dict_table(PyObject *dict)
{
    PyDictObject *object = (PyDictObject *)dict;
    PyDictKeysObject *keys = object->ma_keys;
    struct py_dict_table table = {0};
    table.count = keys->dk_nentries;
    table.capacity = keys->dk_nentries + keys->dk_usable;
    if (object->ma_values != NULL) {
        table.values = object->ma_values->values;
        table.stride = 1;
        table.body_block =
            (uint64_t)(uintptr_t)object->ma_values - ((const uint8_t *)object->ma_values)[-1];
        return table;
    }
    table.body_block = (uint64_t)(uintptr_t)keys;
    const int8_t *entries =
        (const int8_t *)keys->dk_indices + ((size_t)1 << keys->dk_log2_index_bytes);
    if (DK_IS_UNICODE(keys)) {
        table.keys = &((PyDictUnicodeEntry *)(uintptr_t)entries)->me_key;
        table.values = &((PyDictUnicodeEntry *)(uintptr_t)entries)->me_value;
        table.stride = sizeof(PyDictUnicodeEntry) / sizeof(PyObject *);
    } else {
        table.keys = &((PyDictKeyEntry *)(uintptr_t)entries)->me_key;
        table.values = &((PyDictKeyEntry *)(uintptr_t)entries)->me_value;
        table.stride = sizeof(PyDictKeyEntry) / sizeof(PyObject *);
    }
    return table;
}

bool py_is_intern_table(const struct py_dict_table *table)
{
    enum { ENOUGH = 64 };
    Py_ssize_t seen = 0;
    if (table->keys == NULL || table->count < ENOUGH)
        return false;
    for (Py_ssize_t i = 0; i < table->count && seen < ENOUGH; i++) {
        PyObject *key = table->keys[i * table->stride];
        if (key == NULL)
            continue;
        if (key != table->values[i * table->stride] || !PyUnicode_CheckExact(key) ||
            !PyUnicode_CHECK_INTERNED(key))
            return false;
        seen++;
    }
    return seen == ENOUGH;
}

uint64_t py_values_block(PyObject *object)
{
    PyDictValues *values = *_PyObject_ValuesPointer(object);
    if (values == NULL)
        return 0;
    return (uint64_t)(uintptr_t)values - ((const uint8_t *)values)[-1];
}

/* ---- types ---- */

bool py_type_is_weakref(const PyTypeObject *type)
{
    const PyTypeObject *base = py_c_base(type);
    return base == &_PyWeakref_RefType || base == &_PyWeakref_ProxyType ||
           base == &_PyWeakref_CallableProxyType;
}

const PyTypeObject *py_c_base(const PyTypeObject *type)
{
    /* A class made by a class statement shares its dealloc and traverse with every other one. They
     * are not exported, but any class that keeps its dict before the object has them. */
    static destructor class_dealloc;
    if (class_dealloc == NULL && (type->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0)
        class_dealloc = type->tp_dealloc;
    while (class_dealloc != NULL && type->tp_dealloc == class_dealloc && type->tp_base != NULL &&
           (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0)
        type = type->tp_base;
    return type;
}

bool py_type_keeps_inside(const PyTypeObject *type)
{
    const PyTypeObject *const inside[] = {&PyBaseObject_Type,
                                          &PyFunction_Type,
                                          &PyCell_Type,
                                          &PyMethod_Type,
                                          &PyCFunction_Type,
                                          &PyCMethod_Type,
                                          &PyProperty_Type,
                                          &PyStaticMethod_Type,
                                          &PyClassMethod_Type,
                                          &PyInstanceMethod_Type,
                                          &PySlice_Type,
                                          &PyTraceBack_Type,
                                          &PySuper_Type,
                                          &PyWrapperDescr_Type,
                                          &PyMethodDescr_Type,
                                          &PyClassMethodDescr_Type,
                                          &PyGetSetDescr_Type,
                                          &PyMemberDescr_Type,
                                          &PyListIter_Type,
                                          &PyTupleIter_Type,
                                          &PySeqIter_Type,
                                          &PyCallIter_Type,
                                          &PyDictIterKey_Type,
                                          &PyDictIterValue_Type,
                                          &PyDictIterItem_Type,
                                          &PyDictKeys_Type,
                                          &PyDictValues_Type,
                                          &PyDictItems_Type,
                                          &PySetIter_Type,
                                          &PyEnum_Type,
                                          &PyReversed_Type,
                                          &PyZip_Type,
                                          &PyMap_Type,
                                          &PyFilter_Type,
                                          &_PyWeakref_RefType,
                                          &_PyWeakref_ProxyType,
                                          &_PyWeakref_CallableProxyType};
    const PyTypeObject *base = py_c_base(type);
    if ((base->tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS) != 0)
        return true;
    for (size_t i = 0; i < GCR_COUNT_OF(inside); i++) {
        if (base == inside[i])
            return true;
    }
    return false;
}

/* ---- static objects ---- */

static struct {
    uintptr_t start, end;
} static_range;

static int py_find_range(struct dl_phdr_info *object, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    uintptr_t anchor = (uintptr_t)&PyType_Type;
    for (unsigned i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        uintptr_t start = (uintptr_t)(object->dlpi_addr + header->p_vaddr);
        if (header->p_type != PT_LOAD || anchor < start || anchor >= start + header->p_memsz)
            continue;
        static_range.start = start;
        static_range.end = start + header->p_memsz;
        return 1;
    }
    return 0;
}

void py_find_static_range(void)
{
    dl_iterate_phdr(py_find_range, NULL);
}

bool py_is_static(const void *pointer)
{
    return (uintptr_t)pointer >= static_range.start && (uintptr_t)pointer < static_range.end;
}

PyTypeObject *py_free_list_type(unsigned list)
{
    if (list < PY_TUPLE_LISTS)
        return &PyTuple_Type;
    return list == PY_TUPLE_LISTS ? &PyList_Type : &PyDict_Type;
}
