-- Fills a session's place, if the ticket is the one that stands there.
-- KEYS: the place. ARGV: the ticket, the session, how long to keep it.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 0
