/* taskkill /pid N /t /f: ends a process and everything it has started. Wine 8 has one without /t. */
#include <windows.h>
#include <tlhelp32.h>
#include <stdlib.h>
#include <string.h>

static int end_tree(DWORD root) {
  HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32 entry = {.dwSize = sizeof entry};
  for (BOOL more = Process32First(list, &entry); more; more = Process32Next(list, &entry))
    if (entry.th32ParentProcessID == root && entry.th32ProcessID != root) end_tree(entry.th32ProcessID);
  CloseHandle(list);
  HANDLE process = OpenProcess(PROCESS_TERMINATE, FALSE, root);
  return process != NULL && TerminateProcess(process, 1);
}

int main(int argc, char **argv) {
  for (int i = 1; i + 1 < argc; i++)
    if (strcmp(argv[i], "/pid") == 0) return end_tree(strtoul(argv[i + 1], NULL, 10)) ? 0 : 128;
  return 1;
}
