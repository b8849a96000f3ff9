"""Qt without a display: a click, a picture, and Qt's own SQLite and TLS beside those of the standard library."""

import hashlib
import os
import sqlite3
import ssl

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6 import QtCore, QtNetwork, QtSql, QtWidgets

application = QtWidgets.QApplication([])
pressed = []
button = QtWidgets.QPushButton("press")
button.clicked.connect(lambda: pressed.append(1))
button.resize(120, 40)
button.show()
button.click()
application.processEvents()
assert pressed == [1]
picture = button.grab().toImage()
assert len({picture.pixel(x, 20) for x in range(picture.width())}) > 1

database = QtSql.QSqlDatabase.addDatabase("QSQLITE")
database.setDatabaseName("qt.sqlite")
assert database.open()
query = QtSql.QSqlQuery(database)
assert query.exec("CREATE TABLE t (n INTEGER)")
assert query.exec("INSERT INTO t VALUES (42)")
database.close()
with sqlite3.connect("qt.sqlite") as connection:
    assert connection.execute("SELECT n FROM t").fetchall() == [(42,)]

assert ssl.create_default_context().get_ca_certs() is not None
theirs = QtCore.QCryptographicHash.hash(QtCore.QByteArray(b"x"), QtCore.QCryptographicHash.Algorithm.Sha256)
assert bytes(theirs) == hashlib.sha256(b"x").digest()
assert QtNetwork.QHostAddress("127.0.0.1").isLoopback()

timer_fired = []
QtCore.QTimer.singleShot(10, lambda: (timer_fired.append(1), application.quit()))
application.exec()
assert timer_fired == [1]
