/* Answers `(Get-Process -Id N).StartTime` in UTC, in the format "o". Wine's powershell.exe prints nothing. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  const char *id = strstr(GetCommandLineA(), "-Id ");
  if (id == NULL) return 0;
  HANDLE process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, strtoul(id + 4, NULL, 10));
  FILETIME started, ended, kernel, user;
  SYSTEMTIME time;
  if (process == NULL || !GetProcessTimes(process, &started, &ended, &kernel, &user)) return 1;
  FileTimeToSystemTime(&started, &time);
  printf("%04d-%02d-%02dT%02d:%02d:%02d.%03d0000Z\r\n", time.wYear, time.wMonth, time.wDay, time.wHour,
         time.wMinute, time.wSecond, time.wMilliseconds);
  return 0;
}
