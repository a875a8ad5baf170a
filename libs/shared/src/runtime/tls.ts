import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ChannelCredentials, experimental, type ServerCredentials } from '@grpc/grpc-js';
import { messageOf } from '../kernel/fault-text.ts';
import type { SharedConfig } from './config.ts';
import type { Logger } from './log.ts';
import { StartError } from './start-error.ts';

const REFRESH_MS = 10_000;

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** The files that the shared keys `TLS_*` name, if any. */
export function tlsFilesOf(config: SharedConfig): TlsFiles | undefined {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile, TLS_CA_FILE: caFile } = config;
  if (certFile === undefined || keyFile === undefined || caFile === undefined) return undefined;
  return { certFile, keyFile, caFile };
}

/** Mutual TLS of a server; new connections use what the files hold at most `refreshMs` ago. */
export function serverTls(files: TlsFiles, log: Logger, refreshMs = REFRESH_MS): ServerCredentials {
  const certificates = watchedCertificates(files, log, refreshMs);
  return experimental.createCertificateProviderServerCredentials(certificates, certificates, true);
}

/** Mutual TLS of a client, reloaded likewise. */
export function clientTls(files: TlsFiles, log: Logger | undefined, refreshMs = REFRESH_MS): ChannelCredentials {
  const certificates = watchedCertificates(files, log, refreshMs);
  return experimental.createCertificateProviderChannelCredentials(certificates, certificates);
}

interface Loaded {
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  readonly caCertificate: Buffer;
}

/**
 * Own, because grpc-js's file watcher drops a server's credentials as soon as one read fails, and takes a certificate
 * and a key that do not belong together when it reads in the middle of a renewal. This one keeps what worked.
 */
function watchedCertificates(
  files: TlsFiles,
  log: Logger | undefined,
  refreshMs: number,
): experimental.CertificateProvider {
  let loaded = firstLoad(files);
  const caListeners = new Set<experimental.CaCertificateUpdateListener>();
  const identityListeners = new Set<experimental.IdentityCertificateUpdateListener>();
  let timer: NodeJS.Timeout | undefined;

  const refresh = () => {
    try {
      const next = load(files);
      if (isSame(next, loaded)) return;
      loaded = next;
      for (const listener of caListeners) listener(loaded);
      for (const listener of identityListeners) listener(loaded);
      log?.info({ certFile: files.certFile }, 'certificates reloaded');
    } catch (error) {
      log?.error({ err: error, certFile: files.certFile }, 'certificates cannot be reloaded; the old ones stay');
    }
  };
  const watch = (tell: () => void) => {
    timer ??= setInterval(refresh, refreshMs).unref();
    // Not at once: grpc-js asks for its first certificates before it listens to what it is told.
    queueMicrotask(tell);
  };
  const unwatch = () => {
    if (caListeners.size + identityListeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  return {
    addCaCertificateListener: (listener) => (caListeners.add(listener), watch(() => listener(loaded))),
    addIdentityCertificateListener: (listener) => (identityListeners.add(listener), watch(() => listener(loaded))),
    removeCaCertificateListener: (listener) => (caListeners.delete(listener), unwatch()),
    removeIdentityCertificateListener: (listener) => (identityListeners.delete(listener), unwatch()),
  };
}

function firstLoad(files: TlsFiles): Loaded {
  try {
    return load(files);
  } catch (error) {
    const why = messageOf(error);
    const remedy = 'mend TLS_CERT_FILE, TLS_KEY_FILE and TLS_CA_FILE';
    throw new StartError({ what: 'the TLS files cannot be used', why, remedy }, error);
  }
}

function load(files: TlsFiles): Loaded {
  const certificate = readFileSync(files.certFile);
  const privateKey = readFileSync(files.keyFile);
  if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKey))) {
    throw new Error(`${files.keyFile} is not the key of ${files.certFile}`);
  }
  return { certificate, privateKey, caCertificate: readFileSync(files.caFile) };
}

function isSame(a: Loaded, b: Loaded): boolean {
  const pairs = [
    [a.certificate, b.certificate],
    [a.privateKey, b.privateKey],
    [a.caCertificate, b.caCertificate],
  ] as const;
  return pairs.every(([left, right]) => left.equals(right));
}
