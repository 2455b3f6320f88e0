import { FastCheck } from "effect"
import { bytes, type Sent } from "../Connection.ts"
import * as Targets from "./Targets.ts"
import * as Texts from "./Texts.ts"

/** The last request on a connection: a server that has understood what came before answers it and closes. */
const farewell = "GET /api/v1/health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"

const mostly = (usual: string, ...others: ReadonlyArray<string>): FastCheck.Arbitrary<string> =>
  FastCheck.oneof(
    { arbitrary: FastCheck.constant(usual), weight: 20 },
    { arbitrary: FastCheck.constantFrom(...others), weight: 1 }
  )

const lineEnd = FastCheck.oneof(
  { arbitrary: FastCheck.constant("\r\n"), weight: 80 },
  { arbitrary: FastCheck.constantFrom("\n", "\r", "\r\r\n", "\n\r", "\0", "\u000b", "\u0085", ""), weight: 1 }
)

const method = FastCheck.oneof(
  { arbitrary: FastCheck.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"), weight: 15 },
  {
    arbitrary: FastCheck.constantFrom(
      "HEAD",
      "TRACE",
      "CONNECT",
      "PRI",
      "PROPFIND",
      "M-SEARCH",
      "QUERY",
      "get",
      "GE T",
      "",
      "\0GET",
      "G\u00cbT",
      "X".repeat(20_000),
      "__proto__",
      "constructor"
    ),
    weight: 1
  }
)

const version = FastCheck.oneof(
  { arbitrary: FastCheck.constant("HTTP/1.1"), weight: 25 },
  {
    arbitrary: FastCheck.constantFrom(
      "HTTP/1.0",
      "HTTP/0.9",
      "HTTP/2.0",
      "HTTP/1.10",
      "HTTP/1",
      "http/1.1",
      "HTTP/1.1 ",
      "HTTP/1.1 x",
      "HTP/1.1",
      "SIP/2.0",
      "RTSP/1.0",
      ""
    ),
    weight: 1
  }
)

const separators = FastCheck.constantFrom(": ", ":", " : ", ":\t", "", "=", ":\0", ": \r\n ", ":\r\n\t")

const headerName = FastCheck.oneof(
  {
    arbitrary: FastCheck.constantFrom(
      "host",
      "content-length",
      "transfer-encoding",
      "connection",
      "expect",
      "upgrade",
      "authorization",
      "content-type",
      "content-encoding",
      "x-signature",
      "x-forwarded-for",
      "x-forwarded-host",
      "x-http-method-override",
      "cookie",
      "te",
      "trailer",
      "proxy-connection",
      "keep-alive",
      "range",
      "if-none-match",
      "forwarded",
      "traceparent",
      "b3",
      "x-actor",
      "x-request-id"
    ),
    weight: 8
  },
  {
    arbitrary: FastCheck.constantFrom(
      "",
      " ",
      "a b",
      "a\0",
      "\u00e9",
      "__proto__",
      "constructor",
      "(x)",
      "x".repeat(9_000)
    ),
    weight: 1
  }
)

const headerValue = FastCheck.oneof(
  {
    arbitrary: FastCheck.constantFrom(
      "0",
      "1",
      "5",
      "-1",
      "+1",
      " 1",
      "1, 1",
      "1,2",
      "0x1",
      "1e1",
      "99999999999999999999",
      "chunked",
      "Chunked ",
      "chunked, identity",
      "identity, chunked",
      "gzip, chunked",
      "xchunked",
      "\u000bchunked",
      "close",
      "keep-alive",
      "upgrade",
      "upgrade, http2-settings",
      "websocket",
      "h2c",
      "100-continue",
      "200-ok",
      "Bearer ",
      "Bearer wrong",
      "Basic YTpi",
      "bytes=0-,0-,0-",
      "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01",
      "gateway:99999",
      "[",
      "a b",
      "a\r\nx-injected: 1"
    ),
    weight: 6
  },
  { arbitrary: Texts.text.map((text) => Buffer.from(text).toString("latin1")), weight: 2 }
)

const header = FastCheck.tuple(
  headerName,
  FastCheck.oneof({ arbitrary: FastCheck.constant(": "), weight: 50 }, { arbitrary: separators, weight: 1 }),
  headerValue,
  lineEnd
).map((parts) => parts.join(""))

const body = FastCheck.constantFrom(
  "",
  "{}",
  "a=b",
  "0\r\n\r\n",
  "2\r\n{}\r\n0\r\n\r\n",
  "2;a=b;c=\"d\"\r\n{}\r\n0\r\nx-late: 1\r\n\r\n",
  `2;${"a".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
  "-1\r\n{}\r\n0\r\n\r\n",
  "0x2\r\n{}\r\n0\r\n\r\n",
  " 2\r\n{}\r\n0\r\n\r\n",
  "2 \r\n{}\r\n0\r\n\r\n",
  "2\n{}\n0\n\n",
  "ffffffffffffffff\r\n{}\r\n0\r\n\r\n",
  "10000000000000002\r\n{}\r\n0\r\n\r\n",
  "3\r\n{}\r\n0\r\n\r\n",
  "GET /api/v1/integrations HTTP/1.1\r\nhost: a\r\n\r\n"
)

/** A request that is nearly one. */
const crooked = (paths: ReadonlyArray<string>): FastCheck.Arbitrary<string> =>
  FastCheck.tuple(
    mostly("", "\r\n", "\r\n\r\n", "\n", " ", "\u00ef\u00bb\u00bf"),
    method,
    mostly(" ", "  ", "\t", ""),
    Targets.target(paths),
    mostly(" ", "  ", "\t", ""),
    version,
    lineEnd,
    FastCheck.array(header, { maxLength: 6 }),
    lineEnd,
    body
  ).map(([before, method, gap, target, space, version, end, headers, last, body]) =>
    `${before}${method}${gap}${target}${space}${version}${end}host: a\r\n${headers.join("")}${last}${body}`
  )

/** Some bytes of a request turned into others, taken out, or said twice. */
const damaged = (request: Uint8Array): FastCheck.Arbitrary<Uint8Array> =>
  FastCheck.array(
    FastCheck.tuple(
      FastCheck.nat({ max: Math.max(0, request.length - 1) }),
      FastCheck.constantFrom("turn", "drop", "twice"),
      FastCheck.oneof(
        { arbitrary: FastCheck.integer({ min: 33, max: 126 }), weight: 3 },
        { arbitrary: FastCheck.constantFrom(0, 9, 10, 13, 32, 58, 127, 128, 255), weight: 1 }
      )
    ),
    { minLength: 1, maxLength: 4 }
  ).map((changes) => {
    const changed = new Map(changes.map(([at, how, byte]) => [at, { how, byte }]))
    return Uint8Array.from([...request].flatMap((byte, at) => {
      const change = changed.get(at)
      if (change === undefined) return [byte]
      return change.how === "turn" ? [change.byte] : change.how === "drop" ? [] : [byte, byte]
    }))
  })

/** Bytes in pieces that are cut anywhere. */
export const pieces = (all: Uint8Array): FastCheck.Arbitrary<ReadonlyArray<Uint8Array>> =>
  FastCheck.array(FastCheck.nat({ max: all.length }), { maxLength: 3 }).map((cuts) => {
    const places = [0, ...cuts.toSorted((a, b) => a - b), all.length]
    return places.slice(1).map((end, index) => all.subarray(places[index], end)).filter((_) => _.length > 0)
  })

/** What a hostile client writes on a connection: requests that are nearly some, damaged ones, and no requests at all. */
export const hostile = (paths: ReadonlyArray<string>, honest: ReadonlyArray<string>): FastCheck.Arbitrary<Sent> =>
  FastCheck.tuple(
    FastCheck.oneof(
      { arbitrary: crooked(paths).map(bytes), weight: 5 },
      { arbitrary: FastCheck.constantFrom(...honest).chain((_) => damaged(bytes(_))), weight: 4 },
      { arbitrary: FastCheck.uint8Array({ maxLength: 200 }), weight: 1 }
    ),
    FastCheck.boolean()
  ).chain(([request, ends]) => pieces(Buffer.concat([request, bytes(farewell)])).map((pieces) => ({ pieces, ends })))
