# The worker and the command line. Debian, because Temporal's native core needs glibc.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY app app
COPY src src
COPY workflows workflows
COPY activities activities
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
# Without the certificates no TLS to Temporal: its native core trusts what the machine trusts. The library is Kerberos'.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libgssapi-krb5-2 && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production FERRY_CONFIG=/etc/ferry/ferry.yaml FERRY_HEALTH=127.0.0.1:8080
# Give the container 2 GiB: half of it is Node's own heap, the rest records of mirrors and Temporal's core. With fewer arenas glibc
# gives back what its many threads do not use. The young generation is bounded as Node 20 bounds it: Node 24 lets it grow four
# times as large, in each thread, for little less work.
ENV NODE_OPTIONS="--max-old-space-size=1024 --max-semi-space-size=16" MALLOC_ARENA_MAX=2
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
# For `worker`; run `codec-server` with --no-healthcheck.
HEALTHCHECK --start-period=60s --interval=15s --timeout=10s CMD ["node", "dist/app/worker/healthcheck.js"]
# Configuration and secrets are mounted at /etc/ferry. `docker run … status orders` runs any other verb.
ENTRYPOINT ["node", "dist/app/cli/main.js"]
CMD ["worker"]
