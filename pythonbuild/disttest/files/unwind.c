/* How many frames of the stack can be walked from a C function that Python calls, and whether main is reached. */
#include <Python.h>
#include <execinfo.h>

static PyObject *depth(PyObject *self, PyObject *unused)
{
    void *frames[400];
    (void)self;
    (void)unused;
    return PyLong_FromLong(backtrace(frames, 400));
}

static PyMethodDef methods[] = {
    {"depth", depth, METH_NOARGS, "Return the number of frames on the stack."},
    {NULL, NULL, 0, NULL},
};

/* Without a word a free-threaded interpreter warns, and takes the global lock again. */
static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "unwind", NULL, 0, methods, slots, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_unwind(void)
{
    return PyModuleDef_Init(&module);
}
