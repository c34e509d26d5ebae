CREATE TABLE Network (
  NetworkId INTEGER PRIMARY KEY,
  Name NVARCHAR(80) NOT NULL,
  Founded INTEGER
);
CREATE TABLE Show (
  ShowId INTEGER PRIMARY KEY,
  Title NVARCHAR(120) NOT NULL,
  NetworkId INTEGER REFERENCES Network(NetworkId),
  Topic NVARCHAR(40),
  Language CHAR(2),
  IsExplicit INTEGER NOT NULL DEFAULT 0,
  EndedOn DATE
);
CREATE TABLE Host (
  HostId INTEGER PRIMARY KEY,
  FullName NVARCHAR(80) NOT NULL,
  Country CHAR(2)
);
CREATE TABLE ShowHost (
  ShowId INTEGER NOT NULL REFERENCES Show(ShowId),
  HostId INTEGER NOT NULL REFERENCES Host(HostId),
  PRIMARY KEY (ShowId, HostId)
);
CREATE TABLE Episode (
  EpisodeId INTEGER PRIMARY KEY,
  ShowId INTEGER NOT NULL REFERENCES Show(ShowId),
  Season INTEGER,
  Title NVARCHAR(160) NOT NULL,
  DurationSec INTEGER NOT NULL,
  PublishedOn DATE NOT NULL
);
CREATE TABLE DownloadStat (
  StatId INTEGER PRIMARY KEY,
  EpisodeId INTEGER NOT NULL REFERENCES Episode(EpisodeId),
  App NVARCHAR(20),
  Country CHAR(2),
  Downloads INTEGER NOT NULL,
  YearMonth CHAR(7) NOT NULL        -- '2024-05'
);
CREATE TABLE Sponsor (
  SponsorId INTEGER PRIMARY KEY,
  Company NVARCHAR(80) NOT NULL,
  ShowId INTEGER NOT NULL REFERENCES Show(ShowId),
  PricePerEpisode NUMERIC,
  StartsOn DATE NOT NULL,
  EndsOn DATE                       -- null = open end
);
-- data
INSERT INTO Network (NetworkId, Name, Founded) VALUES
  (1, 'Lighthouse Audio', 2014),
  (2, 'Second Shift', 2017),
  (3, 'Papercut', 2019),
  (4, 'Ohm', 2012),
  (5, 'Rural Voices', 2020),
  (6, 'Tidewater', 2015),
  (7, 'Kitchen Sink', 2021),
  (8, 'North Dial', 2010),
  (9, 'Halfmoon', 2018),
  (10, 'Solo', NULL);

INSERT INTO Show (ShowId, Title, NetworkId, Topic, Language, IsExplicit, EndedOn) VALUES
  (1, 'Cold Harbour Files', 1, 'true crime', 'en', 1, NULL),
  (2, 'Bread & Circuits', 4, 'technology', 'en', 0, NULL),
  (3, 'Lunchbox', 7, 'comedy', 'en', 1, NULL),
  (4, 'Die Spätschicht', 2, 'society', 'de', 0, NULL),
  (5, 'Fields and Fences', 5, 'nature', 'en', 0, '2023-09-30'),
  (6, 'The Ledger Room', 3, 'business', 'en', 0, NULL),
  (7, 'Onda Corta', 6, 'music', 'es', 1, NULL),
  (8, 'Margin Notes', 3, 'books', 'en', 0, '2022-12-20'),
  (9, 'Kopfkino', 2, 'film', 'de', 1, NULL),
  (10, 'Tiny Histories', 1, 'history', 'en', 0, NULL),
  (11, 'Compile Time', 4, 'technology', 'en', 0, NULL),
  (12, 'Late Checkout', 9, 'comedy', 'en', 1, NULL);

INSERT INTO Host (HostId, FullName, Country) VALUES
  (1, 'Rosa Delgado', 'ES'),
  (2, 'Ian Muir', 'GB'),
  (3, 'Tess Okafor', 'NG'),
  (4, 'Jürgen Kranz', 'DE'),
  (5, 'Billie Snow', 'US'),
  (6, 'Amit Rao', 'IN'),
  (7, 'Hedda Falk', 'DE'),
  (8, 'Lou Carver', 'US'),
  (9, 'Maeve Quinn', 'IE'),
  (10, 'Sol Herrera', 'ES'),
  (11, 'Dan Pike', 'GB');

INSERT INTO ShowHost (ShowId, HostId) VALUES
  (1, 2),
  (1, 9),
  (2, 6),
  (3, 5),
  (3, 8),
  (4, 4),
  (5, 9),
  (6, 3),
  (7, 10),
  (7, 1),
  (8, 11),
  (9, 7),
  (9, 4),
  (10, 2),
  (11, 6),
  (12, 8);

INSERT INTO Episode (EpisodeId, ShowId, Season, Title, DurationSec, PublishedOn) VALUES
  (1, 1, 1, 'Pilot', 3659, '2022-06-24'),
  (2, 8, 1, 'The long way round', 5329, '2022-10-12'),
  (3, 3, 1, 'Q&A', 994, '2023-01-04'),
  (4, 10, 1, 'Fog', 5001, '2023-12-20'),
  (5, 5, 1, 'Part two', 3319, '2022-10-13'),
  (6, 12, 1, 'Cheap seats', 3600, '2022-05-09'),
  (7, 7, 1, 'Listener mail', 4336, '2022-06-29'),
  (8, 2, 1, 'Live in Cork', 5267, '2023-12-19'),
  (9, 9, 1, 'Nobody home', 5443, '2024-03-27'),
  (10, 4, 1, 'Reboot', 1332, '2022-03-22'),
  (11, 11, 1, 'Salt', 3123, '2022-06-07'),
  (12, 6, 1, 'Finale', 4966, '2024-01-13'),
  (13, 1, 2, 'Bonus: outtakes', 2768, '2022-05-04'),
  (14, 8, 2, 'Pilot', 4679, '2023-03-19'),
  (15, 3, 2, 'The long way round', 3471, '2023-09-05'),
  (16, 10, 2, 'Q&A', 2308, '2022-11-20'),
  (17, 5, 2, 'Fog', 1590, '2022-09-21'),
  (18, 12, 2, 'Part two', 1824, '2022-05-26'),
  (19, 7, 2, 'Cheap seats', 4944, '2024-04-23'),
  (20, 2, 2, 'Listener mail', 5635, '2023-07-11'),
  (21, 9, 2, 'Live in Cork', 2880, '2023-02-06'),
  (22, 4, 2, 'Nobody home', 3104, '2024-05-10'),
  (23, 11, 2, 'Reboot', 3612, '2022-10-20'),
  (24, 6, 2, 'Salt', 1461, '2022-11-11'),
  (25, 1, 3, 'Finale', 5463, '2022-02-10');

INSERT INTO DownloadStat (StatId, EpisodeId, App, Country, Downloads, YearMonth) VALUES
  (1, 1, 'Apple', 'US', 8754, '2024-01'),
  (2, 10, 'Spotify', 'DE', 715, '2024-02'),
  (3, 19, 'Overcast', 'ES', 88, '2024-05'),
  (4, 6, 'Spotify', 'US', 7019, '2024-04'),
  (5, 15, 'Web', 'US', 5173, '2024-05'),
  (6, 2, 'Apple', 'US', 8626, '2024-02'),
  (7, 11, 'Spotify', 'GB', 3738, '2024-01'),
  (8, 20, 'Overcast', 'ES', 995, '2024-02'),
  (9, 7, 'Spotify', 'GB', 4808, '2024-05'),
  (10, 16, 'Web', 'US', 7980, '2024-04'),
  (11, 3, 'Apple', 'ES', 5998, '2024-05'),
  (12, 12, 'Spotify', 'IE', 8109, '2024-02'),
  (13, 21, 'Overcast', 'US', 6780, '2024-01'),
  (14, 8, 'Spotify', 'DE', 4141, '2024-02'),
  (15, 17, 'Web', 'DE', 1270, '2024-05'),
  (16, 4, 'Apple', 'GB', 215, '2024-04'),
  (17, 13, 'Spotify', 'GB', 6287, '2024-05'),
  (18, 22, 'Overcast', 'ES', 8241, '2024-02'),
  (19, 9, 'Spotify', 'DE', 5878, '2024-01'),
  (20, 18, 'Web', 'IE', 6609, '2024-02'),
  (21, 5, 'Apple', 'DE', 3247, '2024-05'),
  (22, 14, 'Spotify', 'DE', 3882, '2024-04'),
  (23, 1, 'Overcast', 'ES', 7863, '2024-05'),
  (24, 10, 'Spotify', 'GB', 7453, '2024-02'),
  (25, 19, 'Web', 'DE', 2030, '2024-01');

INSERT INTO Sponsor (SponsorId, Company, ShowId, PricePerEpisode, StartsOn, EndsOn) VALUES
  (1, 'Mattress Hut', 1, 1200, '2024-01-01', '2024-06-30'),
  (2, 'VPN Fox', 2, 650, '2023-09-01', NULL),
  (3, 'Beanery', 3, 400, '2024-02-01', '2024-04-30'),
  (4, 'MealCrate', 3, 550, '2024-03-15', NULL),
  (5, 'Inkwell Pens', 8, 150, '2022-05-01', '2022-12-20'),
  (6, 'HostRack', 11, 900, '2024-01-10', NULL),
  (7, 'VPN Fox', 11, 700, '2023-09-01', '2024-02-29'),
  (8, 'Seedling Bank', 6, 1500, '2024-04-01', NULL),
  (9, 'Mattress Hut', 12, 800, '2023-11-01', '2024-05-31'),
  (10, 'Trail Boots', 5, 300, '2023-03-01', NULL),
  (11, 'VPN Fox', 1, 980, '2024-05-01', NULL);
