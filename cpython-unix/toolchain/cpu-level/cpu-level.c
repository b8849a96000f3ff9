/* Ends the program with a clear word where the processor lacks instructions that it was compiled to.

   LEVEL is 2, 3 or 4: which instructions make up each is in the x86-64 psABI,
   https://gitlab.com/x86-psABIs/x86-64-ABI (low-level system information, table of micro-architecture levels).
   Bits of CPUID: Intel's manual, volume 2A, CPUID; AMD's for leaf 0x80000001. Each level needs those below it. */
#include <cpuid.h>
#include <unistd.h>

enum { LEAF_1_ECX, LEAF_7_EBX, LEAF_EXTENDED_ECX, WORDS };

struct feature {
    const char *name;
    int word, bit;
};

static const struct feature needed[] = {
    {"CMPXCHG16B", LEAF_1_ECX, 13}, {"SSE3", LEAF_1_ECX, 0}, {"SSSE3", LEAF_1_ECX, 9}, {"SSE4.1", LEAF_1_ECX, 19},
    {"SSE4.2", LEAF_1_ECX, 20}, {"POPCNT", LEAF_1_ECX, 23}, {"LAHF", LEAF_EXTENDED_ECX, 0},
#if LEVEL >= 3
    {"AVX", LEAF_1_ECX, 28}, {"AVX2", LEAF_7_EBX, 5}, {"BMI1", LEAF_7_EBX, 3}, {"BMI2", LEAF_7_EBX, 8},
    {"F16C", LEAF_1_ECX, 29}, {"FMA", LEAF_1_ECX, 12}, {"LZCNT", LEAF_EXTENDED_ECX, 5}, {"MOVBE", LEAF_1_ECX, 22},
    {"OSXSAVE", LEAF_1_ECX, 27},
#endif
#if LEVEL >= 4
    {"AVX512F", LEAF_7_EBX, 16}, {"AVX512BW", LEAF_7_EBX, 30}, {"AVX512CD", LEAF_7_EBX, 28},
    {"AVX512DQ", LEAF_7_EBX, 17}, {"AVX512VL", LEAF_7_EBX, 31},
#endif
};

#define STRING_(x) #x
#define STRING(x) STRING_(x)

static char text[600] = "This Python is built for processors of the level x86-64-v" STRING(LEVEL) ", and this one lacks";

/* Appends to the text. No function of libc: most of them wait for other constructors. */
static void say(const char *word) {
    unsigned end = 0;
    while (text[end])
        end++;
    while (*word && end < sizeof text - 1)
        text[end++] = *word++;
    text[end] = 0;
}

__attribute__((constructor(101))) static void check_processor(void) {
    unsigned words[WORDS] = {0}, eax, ebx, ecx, edx, lacking = 0, length = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx))
        words[LEAF_1_ECX] = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        words[LEAF_7_EBX] = ebx;
    if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx))
        words[LEAF_EXTENDED_ECX] = ecx;
    for (unsigned i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!(words[needed[i].word] >> needed[i].bit & 1)) {
            say(lacking++ ? ", " : " ");
            say(needed[i].name);
        }
    if (!lacking)
        return;
    say(".\nTake the one for " ELSEWHERE ", which runs on every x86-64 processor.\n");
    while (text[length])
        length++;
    if (write(2, text, length) < 0)
        _exit(127);
    _exit(126);
}
