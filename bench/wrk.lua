-- Send each body with an Idempotency-Key of its own; tell in one line of JSON how it
-- went. There is no response(): with it wrk would copy every header of every answer.
--
-- wrk -s wrk.lua URL -- HEADERS BODIES KEY
-- HEADERS and BODIES are files with one in each line; KEY begins all keys of this run.

local heads, bodies, sent, key = {}, {}, 0, ""

function init(args)
   local given = { "POST " .. wrk.path .. " HTTP/1.1", "Host: " .. wrk.headers["Host"] }
   for line in io.lines(args[1]) do
      given[#given + 1] = line
   end
   local head = table.concat(given, "\r\n")
   for body in io.lines(args[2]) do
      bodies[#bodies + 1] = "\r\n\r\n" .. body
      heads[#heads + 1] = head .. "\r\nContent-Length: " .. #body .. "\r\nIdempotency-Key: "
   end
   key = args[3]
end

function request()
   local which = sent % #bodies + 1
   sent = sent + 1
   return heads[which] .. string.format("%s-%08x", key, sent) .. bodies[which]
end

function done(summary, latency)
   local errors = summary.errors
   local broken = errors.connect + errors.read + errors.write + errors.timeout
   io.write(string.format(
      '{"answered": %d, "refused": %d, "broken": %d, "seconds": %f, '
         .. '"p50_ms": %f, "p99_ms": %f, "p999_ms": %f}\n',
      summary.requests, errors.status, broken, summary.duration / 1e6,
      latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
      latency:percentile(99.9) / 1e3
   ))
end
