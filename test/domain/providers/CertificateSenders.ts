import { Option } from "effect"
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto"
import { crc32 } from "node:zlib"
import type { Certificates } from "../../../src/domain/verification/SignatureCheck.ts"
import { json, type Signed, type Webhook } from "../../../src/simulate/senders/Sender.ts"

/** The address of the certificate that the tests' RSA key belongs to; any other leads nowhere. */
export const addresses = {
  paypal: "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
  sns: "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem"
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 })
const publicKey = createPublicKey(privateKey)

export const certificates: Certificates = (url) =>
  Object.values(addresses).includes(url) ? Option.some(publicKey) : Option.none()

const signature = (content: string, hash = "sha256") => sign(hash, Buffer.from(content), privateKey).toString("base64")

/** PayPal signs the checksum of the body, and the id of the webhook that it was told. */
export const paypal = (webhookId: string, { at, id, type, url }: Webhook): Signed => {
  const body = json({ id, event_type: type, resource: { id: "42311647XV020574X" } })
  const time = new Date(at).toISOString()
  return {
    url,
    headers: {
      "content-type": "application/json",
      "paypal-transmission-id": "69cd13f0",
      "paypal-transmission-time": time,
      "paypal-cert-url": addresses.paypal,
      "paypal-auth-algo": "SHA256withRSA",
      "paypal-transmission-sig": signature(`69cd13f0|${time}|${webhookId}|${crc32(body)}`)
    },
    body
  }
}

const hashes = { 1: "sha1", 2: "sha256" } as const

/** What SNS signs of a message: these of its members, each as its name and its value on a line of its own. */
const members = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]

/** A message of SNS with these members beside the usual ones. */
export const snsMessage = (
  topic: string,
  { at, id, type, url }: Webhook,
  version: keyof typeof hashes,
  further: Readonly<Record<string, string>> = {}
): Signed => {
  const message: Readonly<Record<string, string>> = {
    Type: type,
    MessageId: id,
    TopicArn: topic,
    Message: "{\"default\":\"two\nlines\"}",
    Timestamp: new Date(at).toISOString(),
    ...further
  }
  const content = members.flatMap((name) => {
    const value = message[name]
    return value === undefined ? [] : [`${name}\n${value}\n`]
  }).join("")
  return {
    url,
    headers: { "content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": type },
    body: json({
      ...message,
      SignatureVersion: String(version),
      Signature: signature(content, hashes[version]),
      SigningCertURL: addresses.sns,
      UnsubscribeURL: "https://sns.eu-central-1.amazonaws.com/?Action=Unsubscribe"
    })
  }
}
