FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=optional --no-audit --no-fund
COPY tsconfig*.json ./
COPY src ./src
RUN npm run build

FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund

FROM node:20-bookworm-slim
ENV NODE_ENV=production
# Half of these threads look up names; a callback's name server that is dead holds one for many seconds.
ENV UV_THREADPOOL_SIZE=16
WORKDIR /app
COPY package.json LICENSE ./
COPY scripts/ensure-built.js ./scripts/ensure-built.js
COPY migrations ./migrations
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
# The API, and a worker's health and metrics.
EXPOSE 3000 3001
# For the API; a worker answers at WORKER_PORT, see docker-compose.yml, and the jobs listen nowhere.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.APP_PORT || 3000}/api/v1/health/ready`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# The other roles: node dist/worker/worker.js, npm run db:migrate, npm run db:seed, npm run secrets:reencrypt
CMD ["node", "dist/api/server.js"]
