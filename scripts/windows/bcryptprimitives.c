/* bcryptprimitives.dll, which Wine 8 lacks. Rolldown, on which Vitest runs, needs one function of it. */
#include <windows.h>

/* RtlGenRandom; see ntsecapi.h. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length) {
  return SystemFunction036(buffer, (ULONG)length);
}
