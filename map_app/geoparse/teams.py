"""Teams whose town has namesakes: the Portland Trail Blazers play in Oregon, whatever town a story is set in."""

#: By the division that holds the town.
_TEAMS = {
    "Arizona": "Phoenix Suns|Phoenix Mercury",
    "British Columbia": "Vancouver Canucks|Vancouver Whitecaps",
    "California": "Los Angeles Lakers|Los Angeles Dodgers|Los Angeles Rams|Oakland Raiders|Oakland Athletics|"
    "Sacramento Kings|San Diego Padres|San Diego Chargers|San Francisco Giants|San Jose Sharks|San Jose Earthquakes|"
    "Anaheim Ducks",
    "Colorado": "Denver Broncos|Denver Nuggets",
    "England": "Birmingham City|Bolton Wanderers|Boston United|Bradford City|Bristol City|Bristol Rovers|Burton Albion|"
    "Cambridge United|Carlisle United|Charlton Athletic|Cheltenham Town|Colchester United|Coventry City|Derby County|"
    "Exeter City|Huddersfield Town|Hull City|Ipswich Town|Leeds United|Leicester City|Lincoln City|Luton Town|"
    "Manchester City|Manchester United|Mansfield Town|Newcastle United|Newport Pagnell Town|Northampton Town|"
    "Norwich City|Nottingham Forest|Oldham Athletic|Oxford United|Peterborough United|Plymouth Argyle|Preston North|"
    "Rotherham United|Salford City|Sheffield United|Sheffield Wednesday|Shrewsbury Town|Stoke City|Swindon Town|"
    "Torquay United|Wigan Athletic|Worcester Warriors|York City",
    "Florida": "Jacksonville Jaguars|Miami Dolphins|Miami Heat|Miami Marlins|Orlando Magic|Tampa Bay",
    "Georgia": "Atlanta Braves|Atlanta Falcons|Atlanta Hawks",
    "Illinois": "Chicago Bears|Chicago Blackhawks|Chicago Bulls|Chicago Cubs|Chicago Fire|Chicago White",
    "Indiana": "Indianapolis Colts",
    "Louisiana": "New Orleans Pelicans|New Orleans Saints",
    "Manitoba": "Winnipeg Jets",
    "Maryland": "Baltimore Orioles|Baltimore Ravens",
    "Massachusetts": "Boston Bruins|Boston Celtics|Boston Red",
    "Michigan": "Detroit Lions|Detroit Pistons|Detroit Red|Detroit Tigers",
    "Minnesota": "Minneapolis Lakers",
    "Missouri": "Kansas City Chiefs|Kansas City Current|Kansas City Royals|St. Louis Blues|St. Louis Cardinals|"
    "St. Louis City|St. Louis Rams",
    "Nevada": "Las Vegas Aces|Las Vegas Raiders|Vegas Golden",
    "New York": "Brooklyn Nets|Buffalo Bills|Buffalo Sabres",
    "North Carolina": "Charlotte Bobcats|Charlotte FC|Charlotte Hornets",
    "Ohio": "Cincinnati Bengals|Cincinnati Reds|Cleveland Browns|Cleveland Cavaliers|Cleveland Guardians|"
    "Cleveland Indians|Columbus Blue|Columbus Crew",
    "Ontario": "Hamilton Tiger|London Knights|Ottawa Senators|Toronto Blue|Toronto Maple|Toronto Raptors",
    "Oregon": "Portland Thorns|Portland Timbers|Portland Trail",
    "Pennsylvania": "Philadelphia Eagles|Philadelphia Flyers|Philadelphia Phillies|Pittsburgh Penguins|"
    "Pittsburgh Pirates|Pittsburgh Steelers",
    "Tennessee": "Memphis Grizzlies|Nashville Predators|Nashville SC",
    "Texas": "Austin FC|Dallas Cowboys|Dallas Mavericks|Dallas Stars|Houston Astros|Houston Dynamo|Houston Rockets|"
    "Houston Texans|San Antonio Spurs",
    "Washington": "Seattle Kraken|Seattle Mariners|Seattle Seahawks|Seattle Sounders",
    "Wisconsin": "Green Bay Packers|Milwaukee Brewers|Milwaukee Bucks",
}
_HOMES = {team: division for division, teams in _TEAMS.items() for team in teams.split("|")}


def home_of_team(text: str, start: int, end: int) -> str:
    """The division of the team whose name begins with the name there, or empty: it goes by the word after it."""
    stop = end + 1
    while stop < len(text) and (text[stop].isalpha()):
        stop += 1
    return _HOMES.get(text[start:stop], "")
