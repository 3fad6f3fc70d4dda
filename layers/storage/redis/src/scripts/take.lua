-- Asks buckets for one each: all have room, or nothing is counted in any. The rule is that of `rules::policy::take`.
-- KEYS: the buckets; what is kept of one is when it will be empty, in milliseconds.
-- ARGV: now, and for each bucket how long one takes to leak away, and how long a full one takes.
-- Answers {0, 0}, or the place of the bucket that is full (from 1) and when it has room for one.
local now = tonumber(ARGV[1])
local before, empty = {}, {}
local place, latest = 0, 0

for i, key in ipairs(KEYS) do
  local step, span = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local kept = redis.call('GET', key)
  local at = now
  if kept then
    at = tonumber(kept)
    if not at then
      return redis.error_reply('UNREADABLE ' .. key)
    end
    before[i] = at
  end
  at = math.min(math.max(at, now), now + span)
  empty[i] = at
  local room = at + step - span
  if room > now and (place == 0 or room > latest) then
    place, latest = i, room
  end
end

for i, key in ipairs(KEYS) do
  local at = empty[i]
  if place == 0 then
    at = at + tonumber(ARGV[2 * i])
  end
  -- Who is refused again and again writes nothing, and an empty bucket need not be kept.
  if at ~= before[i] and at > now then
    redis.call('SET', key, string.format('%.0f', at), 'PX', string.format('%.0f', at - now))
  end
end

return {place, latest}
