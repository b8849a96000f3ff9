/* Embeds Python: argv[1] is the interpreter whose standard library is used. */
#include <Python.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    PyConfig config;
    PyStatus status;
    int result;

    if (argc != 2) {
        return 2;
    }
    PyConfig_InitPythonConfig(&config);
    status = PyConfig_SetBytesString(&config, &config.program_name, argv[1]);
    if (!PyStatus_Exception(status)) {
        status = Py_InitializeFromConfig(&config);
    }
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) {
        Py_ExitStatusException(status);
    }
    result = PyRun_SimpleString("import ssl, sqlite3, json; print('embedded', json.loads('42'))");
    return Py_FinalizeEx() < 0 ? 1 : result != 0;
}
