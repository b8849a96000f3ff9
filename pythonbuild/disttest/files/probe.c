/* The smallest extension module that takes an argument; also compiles with Py_LIMITED_API. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyObject *answer(PyObject *self, PyObject *args)
{
    long half;
    (void)self;
    if (!PyArg_ParseTuple(args, "l", &half)) {
        return NULL;
    }
    return PyLong_FromLong(2 * half);
}

static PyMethodDef methods[] = {
    {"answer", answer, METH_VARARGS, "Return twice the argument."},
    {NULL, NULL, 0, NULL},
};

/* Without a word a free-threaded interpreter warns, and takes the global lock again. */
static PyModuleDef_Slot slots[] = {
#ifdef Py_MOD_GIL_NOT_USED /* 3.15 has the slot for an older limited API, too, but not its value */
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "probe", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_probe(void)
{
    return PyModuleDef_Init(&module);
}
