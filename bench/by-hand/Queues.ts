import { type ConfirmChannel, connect } from "amqplib"
import type { Config } from "./Config.ts"

const retryQueue = ({ queue }: Config, delayMs: number): string => `${queue}.retry.${delayMs}`

/** Every queue of the hand-written gateway. */
export const names = (config: Config): ReadonlyArray<string> => [
  config.queue,
  ...config.retryDelaysMs.map((delay) => retryQueue(config, delay))
]

/** A channel with confirms, and the queues declared on it. */
export const open = async (config: Config): Promise<ConfirmChannel> => {
  const connection = await connect(config.rabbitMqUrl)
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue(config.queue, { durable: true, arguments: { "x-queue-type": "quorum" } })
  await Promise.all(config.retryDelaysMs.map((delay) =>
    channel.assertQueue(retryQueue(config, delay), {
      durable: true,
      arguments: {
        "x-queue-type": "quorum",
        "x-message-ttl": delay,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": config.queue
      }
    })
  ))
  return channel
}

/** Resolves once the broker has confirmed the message. */
export const publish = (channel: ConfirmChannel, queue: string, deliveryId: string): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.sendToQueue(
      queue,
      Buffer.from(deliveryId),
      { persistent: true },
      (error: unknown) => error === null || error === undefined ? resolve() : reject(error)
    )
  })

export const retry = (channel: ConfirmChannel, config: Config, deliveryId: string, failures: number): Promise<void> => {
  const delays = config.retryDelaysMs
  return publish(channel, retryQueue(config, delays[Math.min(failures, delays.length) - 1] ?? 0), deliveryId)
}
