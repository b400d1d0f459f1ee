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
ENV NODE_ENV=production FERRY_CONFIG=/etc/ferry/ferry.yaml
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
# Configuration and secrets are mounted at /etc/ferry. `docker run … status orders` runs any other verb.
ENTRYPOINT ["node", "dist/app/cli/main.js"]
CMD ["worker"]
