-- What stands in a session's place; where nothing does, a ticket to fill it.
-- KEYS: the place. ARGV: a fresh ticket, and how long it is good for.
local kept = redis.call('GET', KEYS[1])
if kept then
  return kept
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
