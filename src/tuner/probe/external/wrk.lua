-- Arguments: method, and how many requests one thread may send.
-- At the end, prints what wrk measured as one line of JSON on standard error.

-- More than so many requests cannot be sent in the time of a probe; counting costs.
local COUNT_BELOW = 100000

init = function(arguments)
   wrk.method = arguments[1]
   local message = wrk.format()
   local limit = tonumber(arguments[2])
   if limit < COUNT_BELOW then
      local sent = 0
      request = function()
         sent = sent + 1
         if sent == limit + 1 then
            -- The thread ends its loop; SIGINT wakes the main thread, which sleeps till the end.
            -- It comes a little later: while this command runs, wrk ignores it (system(3)).
            wrk.thread:stop()
            os.execute("(sleep 0.02; kill -INT $PPID) &")
         end
         return message
      end
   end
end

done = function(summary, latency, requests)
   local e = summary.errors
   local bins = {}
   for i = 1, #latency do
      local value, count = latency(i)
      bins[i] = string.format("[%d,%d]", value, count)
   end
   io.stderr:write(string.format(
      '{"requests":%d,"microseconds":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,' ..
      '"status":%d,"timeout":%d,"histogram":[%s]}\n',
      summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write,
      e.status, e.timeout, table.concat(bins, ",")))
end
