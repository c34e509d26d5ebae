CREATE TABLE "auth_user" (
  "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "username" varchar(150) NOT NULL UNIQUE,
  "email" varchar(254),
  "is_staff" bool NOT NULL,
  "is_active" bool NOT NULL,
  "date_joined" date NOT NULL,
  "last_login" datetime NULL
);
CREATE TABLE "blog_category" (
  "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "name" varchar(60) NOT NULL,
  "slug" varchar(60) NOT NULL UNIQUE,
  "parent_id" integer NULL REFERENCES "blog_category" ("id")
);
CREATE TABLE "blog_post" (
  "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "title" varchar(200) NOT NULL,
  "category_id" integer NOT NULL REFERENCES "blog_category" ("id"),
  "author_id" integer NOT NULL REFERENCES "auth_user" ("id"),
  "status" varchar(10) NOT NULL CHECK ("status" IN ('draft', 'published', 'archived')),
  "published_at" datetime NULL,
  "views" integer NOT NULL DEFAULT 0,
  "word_count" integer NOT NULL
);
CREATE TABLE "blog_tag" (
  "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "name" varchar(50) NOT NULL UNIQUE
);
CREATE TABLE "blog_post_tags" (
  "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "post_id" integer NOT NULL REFERENCES "blog_post" ("id"),
  "tag_id" integer NOT NULL REFERENCES "blog_tag" ("id")
);
CREATE TABLE "blog_comment" (
  "id" integer NOT NULL PRIMARY KEY AUTOINCREMENT,
  "post_id" integer NOT NULL REFERENCES "blog_post" ("id"),
  "user_id" integer NULL REFERENCES "auth_user" ("id"),
  "body" text NOT NULL,
  "created_at" datetime NOT NULL,
  "approved" bool NOT NULL DEFAULT 0
);
-- data
INSERT INTO auth_user (id, username, email, is_staff, is_active, date_joined, last_login) VALUES
  (1, 'anna', 'anna@blog.test', 1, 1, '2023-02-21', '2024-04-15 06:15:00'),
  (2, 'boris', 'boris@blog.test', 0, 1, '2022-02-22', '2024-02-09 18:15:00'),
  (3, 'cleo', NULL, 0, 1, '2021-05-20', '2024-01-15 20:15:00'),
  (4, 'dana', 'dana@blog.test', 0, 0, '2021-03-06', NULL),
  (5, 'emil', 'emil@blog.test', 1, 1, '2021-05-14', '2024-05-16 11:15:00'),
  (6, 'fay', 'fay@blog.test', 0, 1, '2021-05-24', '2024-05-13 10:15:00'),
  (7, 'gert', 'gert@blog.test', 0, 0, '2020-09-10', '2024-01-01 09:15:00'),
  (8, 'hira', NULL, 0, 1, '2023-02-25', NULL),
  (9, 'iker', 'iker@blog.test', 0, 1, '2020-04-02', '2024-04-04 15:15:00'),
  (10, 'jojo', 'jojo@blog.test', 0, 1, '2022-11-26', '2024-01-31 21:15:00'),
  (11, 'kasia', 'kasia@blog.test', 0, 1, '2020-09-16', '2024-03-24 16:15:00');

INSERT INTO blog_category (id, name, slug, parent_id) VALUES
  (1, 'Travel', 'travel', NULL),
  (2, 'Food', 'food', NULL),
  (3, 'Tech', 'tech', NULL),
  (4, 'Europe', 'europe', 1),
  (5, 'Asia', 'asia', 1),
  (6, 'Baking', 'baking', 2),
  (7, 'Python', 'python', 3),
  (8, 'Linux', 'linux', 3),
  (9, 'Personal', 'personal', NULL),
  (10, 'Soup', 'soup', 2);

INSERT INTO blog_post (id, title, category_id, author_id, status, published_at, views, word_count) VALUES
  (1, 'Ten days in Ljubljana', 4, 1, 'published', '2023-03-15 09:00:00', 999, 1127),
  (2, 'Sourdough for the lazy', 6, 2, 'published', '2023-09-06 08:00:00', 1484, 2109),
  (3, 'Why I left vim', 3, 5, 'published', '2024-04-29 16:00:00', 3752, 2364),
  (4, 'Night train to Lviv', 4, 1, 'draft', NULL, 0, 934),
  (5, 'Pho at home', 10, 3, 'published', '2023-03-17 10:00:00', 564, 647),
  (6, 'A week without Wi-Fi', 9, 6, 'published', '2024-05-03 07:00:00', 392, 2290),
  (7, 'Asyncio in anger', 7, 5, 'published', '2023-08-22 20:00:00', 1742, 1201),
  (8, 'Street food in Penang', 5, 1, 'published', '2023-09-18 14:00:00', 437, 2416),
  (9, 'Rye bread diary', 6, 2, 'draft', NULL, 0, 757),
  (10, 'Backups with restic', 8, 5, 'published', '2024-05-02 13:00:00', 2047, 733),
  (11, 'Moving house', 9, 6, 'archived', '2023-11-28 07:00:00', 4969, 2012),
  (12, 'Miso, mostly', 10, 3, 'published', '2023-05-31 14:00:00', 1757, 1265),
  (13, 'Packing light', 1, 9, 'published', '2024-04-12 16:00:00', 4327, 1327),
  (14, 'Typing hints', 7, 5, 'draft', NULL, 0, 1428),
  (15, 'Old laptops, new life', 8, 10, 'archived', '2024-06-16 15:00:00', 4728, 1589),
  (16, 'Croissant failures', 6, 2, 'published', '2023-09-11 08:00:00', 4059, 1314);

INSERT INTO blog_tag (id, name) VALUES
  (1, 'slovenia'),
  (2, 'train'),
  (3, 'bread'),
  (4, 'howto'),
  (5, 'rant'),
  (6, 'vegan'),
  (7, 'python'),
  (8, 'linux'),
  (9, 'cheap eats'),
  (10, 'minimalism'),
  (11, 'photos');

INSERT INTO blog_post_tags (id, post_id, tag_id) VALUES
  (1, 1, 1),
  (2, 1, 11),
  (3, 2, 3),
  (4, 2, 4),
  (5, 3, 5),
  (6, 4, 2),
  (7, 5, 4),
  (8, 5, 6),
  (9, 6, 5),
  (10, 6, 10),
  (11, 7, 7),
  (12, 7, 5),
  (13, 8, 9),
  (14, 8, 11),
  (15, 9, 3),
  (16, 10, 8),
  (17, 10, 4),
  (18, 12, 6),
  (19, 13, 10),
  (20, 13, 4),
  (21, 14, 7),
  (22, 15, 8),
  (23, 16, 3);

INSERT INTO blog_comment (id, post_id, user_id, body, created_at, approved) VALUES
  (1, 12, 11, 'love the photos', '2024-03-04 12:36:00', 1),
  (2, 12, 2, 'first', '2024-04-01 03:09:00', 1),
  (3, 2, 2, 'typo in line 3', '2024-06-28 15:30:00', 1),
  (4, 10, 10, 'source?', '2024-06-03 16:25:00', 1),
  (5, 3, 9, 'thanks!', '2024-07-09 08:42:00', 0),
  (6, 1, 8, 'did not work for me', '2024-03-22 09:23:00', 1),
  (7, 8, 4, 'nice one', '2024-04-10 17:32:00', 1),
  (8, 7, 11, 'source?', '2024-07-06 08:31:00', 1),
  (9, 12, 3, 'typo in line 3', '2024-02-10 15:17:00', 1),
  (10, 5, 8, 'typo in line 3', '2024-05-11 06:48:00', 0),
  (11, 7, 6, 'spam spam', '2024-04-27 20:10:00', 1),
  (12, 2, 4, 'first', '2024-06-06 21:25:00', 1),
  (13, 8, 4, 'love the photos', '2024-04-18 15:49:00', 1),
  (14, 12, 6, 'typo in line 3', '2024-01-31 20:12:00', 0),
  (15, 7, 8, 'did not work for me', '2024-06-19 08:24:00', 1),
  (16, 10, 4, 'first', '2024-02-08 18:11:00', 1),
  (17, 5, 8, 'first', '2024-06-27 19:25:00', 1),
  (18, 3, 2, 'spam spam', '2024-03-28 21:37:00', 1),
  (19, 1, NULL, 'nice one', '2024-01-20 12:20:00', 1),
  (20, 7, 2, 'thanks!', '2024-01-09 08:10:00', 1),
  (21, 7, 4, 'nice one', '2024-06-09 12:47:00', 0),
  (22, 1, 2, 'typo in line 3', '2024-02-22 03:24:00', 1),
  (23, 7, 11, 'thanks!', '2024-01-27 14:55:00', 1),
  (24, 8, 4, 'love the photos', '2024-03-01 13:53:00', 1);
