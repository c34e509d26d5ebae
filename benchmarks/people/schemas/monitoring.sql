CREATE TABLE dc (
  code TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  country TEXT NOT NULL              -- iso code, DE, GB, US ...
);
CREATE TABLE host (
  host_pk INTEGER PRIMARY KEY,
  hostname TEXT NOT NULL UNIQUE,
  dc TEXT NOT NULL REFERENCES dc(code),
  os TEXT,                           -- e.g. 'debian 12', 'ubuntu 22.04'
  cpu_cores INTEGER,
  ram_gb INTEGER,
  state TEXT NOT NULL DEFAULT 'up' CHECK (state IN ('up','down','maintenance','retired')),
  last_seen TEXT
);
CREATE TABLE "user" (
  uid INTEGER PRIMARY KEY,
  login TEXT NOT NULL UNIQUE,
  shell TEXT,
  is_admin INTEGER NOT NULL DEFAULT 0,
  locked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE service (
  service_pk INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  host_pk INTEGER NOT NULL REFERENCES host(host_pk),
  port INTEGER,
  enabled INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE alert (
  alert_pk INTEGER PRIMARY KEY,
  host_pk INTEGER NOT NULL REFERENCES host(host_pk),
  severity TEXT NOT NULL CHECK (severity IN ('info','warning','critical')),
  message TEXT,
  opened_at TEXT NOT NULL,
  closed_at TEXT,
  ack_by INTEGER REFERENCES "user"(uid)
);
CREATE TABLE "check" (
  check_pk INTEGER PRIMARY KEY,
  host_pk INTEGER NOT NULL REFERENCES host(host_pk),
  kind TEXT NOT NULL CHECK (kind IN ('disk_pct','load1','temp_c')),
  value REAL NOT NULL,
  taken_at TEXT NOT NULL
);
-- data
INSERT INTO dc (code, label, country) VALUES
  ('fra1', 'Frankfurt main', 'DE'),
  ('fra2', 'Frankfurt annex', 'DE'),
  ('ams1', 'Amsterdam south', 'NL'),
  ('lon1', 'London docks', 'GB'),
  ('lon2', 'London slough', 'GB'),
  ('hel1', 'Helsinki rock', 'FI'),
  ('nyc1', 'New York 60', 'US'),
  ('sfo1', 'San Francisco bay', 'US'),
  ('sin1', 'Singapore east', 'SG'),
  ('syd1', 'Sydney alexandria', 'AU');

INSERT INTO host (host_pk, hostname, dc, os, cpu_cores, ram_gb, state, last_seen) VALUES
  (1, 'web-01', 'fra1', 'debian 12', 8, 32, 'up', '2024-05-20 15:19:00'),
  (2, 'web-02', 'fra1', 'debian 12', 8, 32, 'up', '2024-05-20 00:53:00'),
  (3, 'db-01', 'fra1', 'debian 11', 32, 256, 'up', '2024-05-20 08:59:00'),
  (4, 'db-02', 'ams1', 'debian 11', 32, 256, 'maintenance', '2024-05-06 11:41:00'),
  (5, 'cache-01', 'ams1', 'alpine 3.19', 4, 64, 'up', '2024-05-20 09:52:00'),
  (6, 'mail-01', 'lon1', 'centos 7', 4, 8, 'up', '2024-05-20 15:50:00'),
  (7, 'backup-01', 'hel1', 'freebsd 14', 8, 16, 'down', '2024-05-09 19:44:00'),
  (8, 'ci-01', 'nyc1', 'ubuntu 22.04', 64, 128, 'up', '2024-05-20 06:17:00'),
  (9, 'ci-02', 'nyc1', 'ubuntu 22.04', 64, 128, 'down', '2024-05-11 03:10:00'),
  (10, 'edge-01', 'sin1', 'alpine 3.19', 2, 4, 'up', '2024-05-20 18:22:00'),
  (11, 'edge-02', 'sfo1', 'alpine 3.19', 2, 4, 'up', '2024-05-20 06:29:00'),
  (12, 'legacy-01', 'lon1', 'centos 7', 2, 4, 'retired', '2024-05-14 19:39:00'),
  (13, 'gpu-01', 'hel1', 'ubuntu 22.04', 48, 512, 'up', '2024-05-20 15:15:00');

INSERT INTO "user" (uid, login, shell, is_admin, locked) VALUES
  (1000, 'jroe', '/bin/bash', 1, 0),
  (1001, 'mkhan', '/bin/zsh', 0, 0),
  (1002, 'alopez', '/bin/bash', 0, 0),
  (1003, 'tsato', '/usr/sbin/nologin', 1, 0),
  (1004, 'bweiss', '/bin/bash', 0, 0),
  (1005, 'dfrey', '/bin/zsh', 0, 1),
  (1006, 'lchen', '/bin/bash', 0, 0),
  (1007, 'root2', '/usr/sbin/nologin', 1, 1),
  (1008, 'pkumar', '/bin/bash', 0, 0),
  (1009, 'guest', '/bin/zsh', 0, 1),
  (1010, 'oldbot', '/bin/bash', 0, 1),
  (1011, 'nberg', '/usr/sbin/nologin', 0, 0);

INSERT INTO service (service_pk, name, host_pk, port, enabled) VALUES
  (1, 'nginx', 1, 443, 1),
  (2, 'nginx', 2, 443, 1),
  (3, 'postgres', 3, 5432, 1),
  (4, 'postgres', 4, 5432, 1),
  (5, 'redis', 5, 6379, 1),
  (6, 'postfix', 6, 25, 1),
  (7, 'borg', 7, 22, 1),
  (8, 'gitlab-runner', 8, NULL, 1),
  (9, 'gitlab-runner', 9, NULL, 0),
  (10, 'haproxy', 10, 443, 1),
  (11, 'haproxy', 11, 443, 1),
  (12, 'sshd', 1, 22, 1),
  (13, 'sshd', 6, 22, 1),
  (14, 'sshd', 13, 2222, 1),
  (15, 'nfs', 12, 2049, 0),
  (16, 'exporter', 3, 9187, 1);

INSERT INTO alert (alert_pk, host_pk, severity, message, opened_at, closed_at, ack_by) VALUES
  (1, 4, 'critical', 'disk full', '2024-04-20 23:38:00', '2024-04-21 01:08:00', 1007),
  (2, 10, 'critical', 'disk full', '2024-04-14 11:29:00', '2024-04-14 12:59:00', NULL),
  (3, 6, 'critical', 'host unreachable', '2024-05-07 00:22:00', '2024-05-07 01:10:00', 1000),
  (4, 7, 'warning', 'swap used', '2024-04-21 08:26:00', NULL, NULL),
  (5, 3, 'info', 'high load', '2024-05-17 17:55:00', '2024-05-17 21:55:00', 1001),
  (6, 6, 'warning', 'high load', '2024-04-18 20:26:00', '2024-04-18 21:56:00', NULL),
  (7, 7, 'warning', 'swap used', '2024-04-02 12:52:00', '2024-04-02 14:22:00', 1003),
  (8, 7, 'critical', 'high load', '2024-05-07 22:28:00', '2024-05-07 22:35:00', 1004),
  (9, 7, 'critical', 'cert expires soon', '2024-04-19 12:36:00', NULL, 1001),
  (10, 3, 'warning', 'cert expires soon', '2024-05-02 07:39:00', '2024-05-02 08:27:00', 1003),
  (11, 6, 'critical', 'host unreachable', '2024-05-03 17:28:00', '2024-05-03 18:16:00', 1000),
  (12, 9, 'critical', 'high load', '2024-04-19 11:36:00', '2024-04-19 12:11:00', 1001),
  (13, 8, 'critical', 'high load', '2024-05-08 19:49:00', '2024-05-08 19:56:00', 1004),
  (14, 7, 'critical', 'host unreachable', '2024-05-16 07:38:00', '2024-05-16 09:08:00', 1001),
  (15, 7, 'warning', 'disk full', '2024-05-06 05:33:00', '2024-05-06 06:08:00', 1003),
  (16, 6, 'info', 'cert expires soon', '2024-05-02 13:48:00', '2024-05-02 14:00:00', NULL),
  (17, 3, 'warning', 'swap used', '2024-04-16 23:31:00', '2024-04-16 23:38:00', NULL),
  (18, 7, 'warning', 'cert expires soon', '2024-04-21 16:04:00', NULL, 1000),
  (19, 7, 'critical', 'disk full', '2024-04-10 21:44:00', '2024-04-11 01:44:00', 1000),
  (20, 6, 'warning', 'swap used', '2024-05-17 10:49:00', '2024-05-17 10:56:00', 1000),
  (21, 9, 'warning', 'cert expires soon', '2024-04-07 08:09:00', '2024-04-07 08:21:00', 1003),
  (22, 2, 'info', 'raid degraded', '2024-04-04 02:08:00', NULL, 1004),
  (23, 9, 'info', 'swap used', '2024-04-12 21:52:00', '2024-04-13 01:52:00', 1001),
  (24, 4, 'critical', 'high load', '2024-05-12 10:10:00', '2024-05-12 10:17:00', 1004);

INSERT INTO "check" (check_pk, host_pk, kind, value, taken_at) VALUES
  (1, 1, 'disk_pct', 37.2, '2024-05-19 00:15:00'),
  (2, 6, 'load1', 7.3, '2024-05-19 01:29:00'),
  (3, 11, 'temp_c', 41.9, '2024-05-19 02:15:00'),
  (4, 3, 'disk_pct', 54.7, '2024-05-19 03:37:00'),
  (5, 8, 'load1', 3.5, '2024-05-19 04:18:00'),
  (6, 13, 'temp_c', 27.4, '2024-05-19 05:04:00'),
  (7, 5, 'disk_pct', 32.4, '2024-05-19 06:01:00'),
  (8, 10, 'load1', 2.9, '2024-05-19 07:32:00'),
  (9, 2, 'temp_c', 45.4, '2024-05-19 08:12:00'),
  (10, 7, 'disk_pct', 88.3, '2024-05-19 09:41:00'),
  (11, 12, 'load1', 1.9, '2024-05-19 10:20:00'),
  (12, 4, 'temp_c', 39.0, '2024-05-19 11:50:00'),
  (13, 9, 'disk_pct', 13.9, '2024-05-19 12:26:00'),
  (14, 1, 'load1', 0.2, '2024-05-19 13:03:00'),
  (15, 6, 'temp_c', 37.6, '2024-05-19 14:30:00'),
  (16, 11, 'disk_pct', 43.1, '2024-05-19 15:34:00'),
  (17, 3, 'load1', 7.8, '2024-05-19 16:18:00'),
  (18, 8, 'temp_c', 62.4, '2024-05-19 17:21:00'),
  (19, 13, 'disk_pct', 91.8, '2024-05-19 18:45:00'),
  (20, 5, 'load1', 5.2, '2024-05-19 19:49:00'),
  (21, 10, 'temp_c', 69.3, '2024-05-19 20:00:00'),
  (22, 2, 'disk_pct', 53.7, '2024-05-19 21:58:00'),
  (23, 7, 'load1', 8.0, '2024-05-19 22:18:00'),
  (24, 12, 'temp_c', 54.4, '2024-05-19 23:53:00');
