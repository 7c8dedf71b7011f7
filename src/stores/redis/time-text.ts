/**
 * A function in Lua: the text of a time in milliseconds since 1970, as `2026-01-02T03:04:05.678Z`; empty from the year 10000 on. Lua in
 * Redis has no `os.date`. From days to a date by Howard Hinnant's `civil_from_days`, https://howardhinnant.github.io/date_algorithms.html,
 * which counts in eras of 400 years that begin in March, so that the leap day is the last.
 */
export const TIME_TEXT = `
local function text(milliseconds)
  if not (milliseconds < 253402300800000) then return '' end
  local days = math.floor(milliseconds / 86400000) + 719468
  local era = math.floor(days / 146097)
  local day = days - era * 146097
  local year = math.floor((day - math.floor(day / 1460) + math.floor(day / 36524) - math.floor(day / 146096)) / 365)
  day = day - (365 * year + math.floor(year / 4) - math.floor(year / 100))
  local month = math.floor((5 * day + 2) / 153)
  day = day - math.floor((153 * month + 2) / 5) + 1
  month = month < 10 and month + 3 or month - 9
  year = year + era * 400 + (month <= 2 and 1 or 0)
  local seconds = math.floor(milliseconds / 1000) % 86400
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day,
    math.floor(seconds / 3600), math.floor(seconds / 60) % 60, seconds % 60, math.floor(milliseconds % 1000))
end
`;
