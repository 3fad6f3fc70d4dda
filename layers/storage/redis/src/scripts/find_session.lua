-- What stands in a session's place; where nothing does, a ticket to fill it.
-- KEYS: the place, and one that is always empty. ARGV: a fresh ticket, and how long it is good for.

-- A write that changes nothing: who was made a replica, or may write no more, is not told of ends and refuses it.
redis.call('DEL', KEYS[2])
local kept = redis.call('GET', KEYS[1])
if kept then
  return kept
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
