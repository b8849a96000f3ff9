/* Embeds Python and says nothing of where it is. */
#include <Python.h>

int main(void)
{
    int result;

    Py_Initialize();
    result = PyRun_SimpleString(
        "import os, sqlite3, ssl, sys\n"
        "assert sys.prefix == sys.exec_prefix == sys.base_prefix, (sys.prefix, sys.exec_prefix, sys.base_prefix)\n"
        "assert os.__file__.startswith(sys.prefix + os.sep), os.__file__\n"
        "print('embedded in', os.path.realpath(sys.prefix))\n");
    return Py_FinalizeEx() < 0 ? 1 : result != 0;
}
