"""The tasks of the stand-in server of 06-your-own-server.ipynb: `trigger-widgets dev` runs them."""

import time

from vega_datasets import local_data

from trigger_widgets import metadata, streams, task

summary = streams.define("summary", str)


@task(id="summarize-weather", retry={"max_attempts": 2})
def summarize_weather(payload):
    """Writes a line a year of a city's weather, as text, and returns the driest year."""
    weather = local_data.seattle_weather()
    years = weather.groupby(weather["date"].dt.year)
    dry = {}
    for n, (year, days) in enumerate(years, start=1):
        dry[int(year)] = int((days["precipitation"] == 0).sum())
        metadata.set("progress", {"current": n, "total": len(years), "unit": "years"})
        warmest = days.loc[days["temp_max"].idxmax()]
        summary.append(
            f"**{year}**: {dry[year]} dry days, up to {warmest['temp_max']:.0f} °C "
            f"on {warmest['date']:%d %B}.\n\n"
        )
        time.sleep(0.3)
    return {"city": payload["city"], "driest_year": max(dry, key=dry.get)}
