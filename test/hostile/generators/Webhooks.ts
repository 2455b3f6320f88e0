import { FastCheck } from "effect"
import * as Json from "./Json.ts"
import * as Texts from "./Texts.ts"

/** JSON whose names, types and compared values are anything, also nothing. */
const named = FastCheck.tuple(Json.anything, Json.anything, Json.anything).map(([id, type, amount]) =>
  `{"id":${id},"type":${type},"data":{"amount":${amount}},"__proto__":{"type":"inherited"}}`
)

/** Bodies of every kind. */
export const body: FastCheck.Arbitrary<Uint8Array> = FastCheck.oneof(
  { arbitrary: named.map((_) => Buffer.from(_)), weight: 6 },
  { arbitrary: Json.body({ id: "1", type: "a.b", data: { amount: 1 } }), weight: 4 },
  { arbitrary: FastCheck.uint8Array({ maxLength: 300 }), weight: 2 },
  {
    arbitrary: FastCheck.constantFrom(
      Buffer.alloc(0),
      Buffer.alloc(1),
      Buffer.alloc(5_000),
      Buffer.from("id=1&type=a"),
      Buffer.from("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>"),
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
      Buffer.from("[".repeat(200_000)),
      Buffer.from("[".repeat(100_000) + "]".repeat(100_000)),
      Buffer.from(`{"id":"${"\\u0000".repeat(30_000)}"}`),
      Buffer.from(`{"id":${"9".repeat(100_000)}}`),
      Buffer.from(`{"id":1e${"9".repeat(100_000)}}`),
      Buffer.from(`{${Array.from({ length: 20_000 }, (_, index) => `"${index}":0`).join(",")}}`)
    ),
    weight: 1
  }
)

export interface Signing {
  readonly header: string
  /** A header that would be believed, for a time in seconds. */
  readonly right: (body: Uint8Array, at: number) => string
  readonly now: () => number
}

const long = FastCheck.constantFrom(8_192, 8_193, 14_000)

/** Values for a signature's header: none of them right. */
const shapes: FastCheck.Arbitrary<string> = FastCheck.oneof(
  FastCheck.constantFrom(
    "",
    ",",
    "=",
    "t=,v1=",
    "t=1,v1=00",
    "v1=00,v1=00,t=1,t=2",
    "t=-1,v1=00",
    "t=1e3,v1=00",
    `t=${"9".repeat(400)},v1=00`,
    "t=999999999999999,v1=00",
    "sha256=",
    "sha256=zz",
    "sha256=0",
    "v1,",
    "v1, v1,",
    "v2,AAAA",
    "null",
    "[object Object]",
    "\u00e9\u00ff",
    "00".repeat(32),
    "A".repeat(44)
  ),
  FastCheck.tuple(long, FastCheck.constantFrom("0", ",", "v1=", "t=1,", "v1,AAAA ", "=", " ")).map(([length, piece]) =>
    piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
  ),
  Texts.inHeader
)

const times = FastCheck.constantFrom(400, -400, 2 ** 31, -(2 ** 31), 2 ** 53, 1e15)

/** Headers by which a webhook says who sent it, of which none is true. */
export const forged = ({ header, now, right }: Signing, body: Uint8Array): FastCheck.Arbitrary<ReadonlyArray<string>> =>
  FastCheck.oneof(
    FastCheck.constant([]),
    shapes.map((value) => [`${header}: ${value}`]),
    FastCheck.tuple(shapes, shapes).map((values) => values.map((value) => `${header}: ${value}`)),
    // Right for another body, cut, or said twice.
    FastCheck.constant([`${header}: ${right(Buffer.concat([body, Buffer.of(0)]), now())}`]),
    FastCheck.constant([`${header}: ${right(body, now()).slice(0, -2)}`]),
    FastCheck.constant([`${header}: ${right(body, now())}`, `${header}: ${right(body, now())}`]),
    FastCheck.integer({ min: 2, max: 60 }).map((count) => Array<string>(count).fill(`${header}: ${right(body, now())}`))
  )

/** Only for schemes that sign a time: right, but for another day. */
export const stale = ({ header, now, right }: Signing, body: Uint8Array): FastCheck.Arbitrary<ReadonlyArray<string>> =>
  times.map((off) => [`${header}: ${right(body, now() + off)}`])

/** Headers beside those that count. */
export const others = FastCheck.array(
  FastCheck.tuple(
    FastCheck.constantFrom(
      "x-id",
      "x-type",
      "content-type",
      "content-encoding",
      "x-forwarded-for",
      "cookie",
      "__proto__",
      "constructor",
      "x-more"
    ),
    Texts.inHeader
  ),
  { maxLength: 4 }
).map((pairs) => pairs.map(([name, value]) => `${name}: ${value}`))
