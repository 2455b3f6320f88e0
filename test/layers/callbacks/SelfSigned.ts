import { generateKeyPairSync, sign } from "node:crypto"

/** A fresh certificate for `localhost` that nobody but itself vouches for, as PEM, with its key. */
export const make = (): { readonly cert: string; readonly key: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
  const commonName = sequence(objectId(0x55, 0x04, 0x03), element(0x0c, Buffer.from("localhost")))
  const name = sequence(element(0x31, commonName))
  const time = (text: string) => element(0x18, Buffer.from(text))
  const body = sequence(
    element(0x02, Buffer.of(1)),
    sequence(ecdsaWithSha256),
    name,
    sequence(time("20200101000000Z"), time("22000101000000Z")),
    name,
    publicKey.export({ type: "spki", format: "der" })
  )
  const signature = element(0x03, Buffer.of(0), sign("sha256", body, privateKey))
  const certificate = sequence(body, sequence(ecdsaWithSha256), signature)
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString()
  }
}

// The little of ASN.1's DER that a certificate of version 1 needs (RFC 5280).
const element = (tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer => {
  const content = Buffer.concat(parts)
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.of(tag, ...length), content])
}
const sequence = (...parts: ReadonlyArray<Uint8Array>): Buffer => element(0x30, ...parts)
const objectId = (...bytes: ReadonlyArray<number>): Buffer => element(0x06, Buffer.of(...bytes))
const ecdsaWithSha256 = objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02)
