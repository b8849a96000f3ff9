/* A program that is an interpreter. */
#include <stddef.h>

int Py_BytesMain(int argc, char **argv);

int main(int argc, char **argv)
{
    return Py_BytesMain(argc, argv);
}
