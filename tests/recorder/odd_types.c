/* An extension module whose types are laid out and allocated in unusual ways, for the recorder:
 *
 * Row     static, with a GC head and items (tp_itemsize), its own tp_alloc and tp_free
 * Late    static, with a GC head; its tp_traverse crashes before the object is complete, and it
 *         allocates other objects before it is tracked
 * Plain   static, no GC head, memory from calloc: no hook ever sees it
 * Shared  a heap type whose tp_traverse does not visit what it holds twice, as caches do
 * Python classes of Row and Shared add a dict before the GC head or behind the fields. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdlib.h>

/* ---- Row ---- */

struct row {
    PyObject_VAR_HEAD PyObject *name;
    PyObject *item[1];
};

static int row_traverse(PyObject *self, visitproc visit, void *arg)
{
    struct row *row = (struct row *)self;
    Py_VISIT(row->name);
    for (Py_ssize_t i = 0; i < Py_SIZE(self); i++)
        Py_VISIT(row->item[i]);
    return 0;
}

static int row_clear(PyObject *self)
{
    struct row *row = (struct row *)self;
    Py_CLEAR(row->name);
    for (Py_ssize_t i = 0; i < Py_SIZE(self); i++)
        Py_CLEAR(row->item[i]);
    return 0;
}

static void row_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    row_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static void row_free(void *memory)
{
    PyObject_GC_Del(memory);
}

static PyObject *row_alloc(PyTypeObject *type, Py_ssize_t items)
{
    return PyType_GenericAlloc(type, items);
}

/* Row(name, items): a row of so many references to itself. */
static PyObject *row_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *name;
    Py_ssize_t items;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "On", &name, &items))
        return NULL;
    struct row *row = (struct row *)type->tp_alloc(type, items);
    if (row == NULL)
        return NULL;
    Py_INCREF(name);
    row->name = name;
    for (Py_ssize_t i = 0; i < items; i++) {
        Py_INCREF(row);
        row->item[i] = (PyObject *)row;
    }
    return (PyObject *)row;
}

static PyTypeObject row_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "odd_types.Row",
    .tp_basicsize = offsetof(struct row, item),
    .tp_itemsize = sizeof(PyObject *),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .tp_traverse = row_traverse,
    .tp_clear = row_clear,
    .tp_dealloc = row_dealloc,
    .tp_new = row_new,
    .tp_alloc = row_alloc,
    .tp_free = row_free,
};

/* ---- Late ---- */

struct late {
    PyObject_HEAD PyObject **box; /* not NULL once the object is tracked */
};

static int late_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(*((struct late *)self)->box);
    return 0;
}

static int late_clear(PyObject *self)
{
    Py_CLEAR(*((struct late *)self)->box);
    return 0;
}

static void late_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    late_clear(self);
    PyMem_Free(((struct late *)self)->box);
    PyObject_GC_Del(self);
}

/* Late(): refers to a list that refers to it. */
static PyObject *late_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    (void)args;
    (void)keywords;
    struct late *late = PyObject_GC_New(struct late, type);
    if (late == NULL)
        return NULL;
    late->box = (PyObject **)(uintptr_t)1;
    for (int i = 0; i < 100; i++) { /* collections may happen now */
        PyObject *list = PyList_New(0);
        Py_XDECREF(list);
    }
    PyObject *list = PyList_New(0);
    late->box = PyMem_Calloc(1, sizeof *late->box);
    if (list == NULL || late->box == NULL)
        abort();
    *late->box = list;
    PyList_Append(list, (PyObject *)late);
    PyObject_GC_Track(late);
    return (PyObject *)late;
}

static PyTypeObject late_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "odd_types.Late",
    .tp_basicsize = sizeof(struct late),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_traverse = late_traverse,
    .tp_clear = late_clear,
    .tp_dealloc = late_dealloc,
    .tp_new = late_new,
};

/* ---- Plain ---- */

struct plain {
    PyObject_HEAD PyObject *held;
};

static void plain_dealloc(PyObject *self)
{
    Py_CLEAR(((struct plain *)self)->held);
    free(self);
}

/* Plain(object): holds it, and no traversal tells. */
static PyObject *plain_new(PyTypeObject *type, PyObject *args, PyObject *keywords)
{
    PyObject *held;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "O", &held))
        return NULL;
    struct plain *plain = calloc(1, sizeof *plain);
    if (plain == NULL)
        return PyErr_NoMemory();
    PyObject_Init((PyObject *)plain, type);
    Py_INCREF(held);
    plain->held = held;
    return (PyObject *)plain;
}

static PyTypeObject plain_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "odd_types.Plain",
    .tp_basicsize = sizeof(struct plain),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_dealloc = plain_dealloc,
    .tp_new = plain_new,
};

/* ---- Shared ---- */

struct shared {
    PyObject_HEAD PyObject *first, *again; /* the same object, held twice, visited once */
};

static int shared_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((struct shared *)self)->first);
    return 0;
}

static int shared_clear(PyObject *self)
{
    Py_CLEAR(((struct shared *)self)->first);
    Py_CLEAR(((struct shared *)self)->again);
    return 0;
}

static void shared_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    shared_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static int shared_init(PyObject *self, PyObject *args, PyObject *keywords)
{
    PyObject *held;
    (void)keywords;
    if (!PyArg_ParseTuple(args, "O", &held))
        return -1;
    shared_clear(self);
    Py_INCREF(held);
    Py_INCREF(held);
    ((struct shared *)self)->first = ((struct shared *)self)->again = held;
    return 0;
}

static PyType_Slot shared_slots[] = {{Py_tp_traverse, (void *)shared_traverse},
                                     {Py_tp_clear, (void *)shared_clear},
                                     {Py_tp_dealloc, (void *)shared_dealloc},
                                     {Py_tp_init, (void *)shared_init},
                                     {0, NULL}};
static PyType_Spec shared_spec = {.name = "odd_types.Shared",
                                  .basicsize = sizeof(struct shared),
                                  .flags =
                                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
                                  .slots = shared_slots};

/* ---- the module ---- */

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "odd_types", .m_size = -1};

PyMODINIT_FUNC PyInit_odd_types(void);
PyMODINIT_FUNC PyInit_odd_types(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL || PyModule_AddType(module, &row_type) < 0 ||
        PyModule_AddType(module, &late_type) < 0 || PyModule_AddType(module, &plain_type) < 0 ||
        PyModule_AddObject(module, "Shared", PyType_FromSpec(&shared_spec)) < 0)
        return NULL;
    return module;
}
