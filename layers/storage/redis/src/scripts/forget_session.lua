-- Empties a session's place, unless it is closed.
-- KEYS: the place. ARGV: what stands in a closed place.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  redis.call('DEL', KEYS[1])
end
return 0
